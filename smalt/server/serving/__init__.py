"""Online endpoints: an address, deployments behind it, and instances that answer. The gateway carries the requests."""

from smalt.server.serving.bell import Bell
from smalt.server.serving.deployments import DeploymentService
from smalt.server.serving.document import Documents
from smalt.server.serving.events import OperationEnded, RoutingChanged, ServingChanged
from smalt.server.serving.gateway import Gateway, GatewayPlace
from smalt.server.serving.gateway_routes import gateway_routes
from smalt.server.serving.instances import Instances
from smalt.server.serving.load import Load
from smalt.server.serving.loop import Outside, ServingLoop
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.serving.purge import EndpointsOfWorkspace
from smalt.server.serving.routes import routes
from smalt.server.serving.service import EndpointService, reseal_keys
from smalt.server.serving.store import environments_in_use
from smalt.server.serving.table import RoutingTable

__all__ = [
    "Bell",
    "DeploymentPinner",
    "DeploymentService",
    "Documents",
    "EndpointService",
    "EndpointsOfWorkspace",
    "Gateway",
    "GatewayPlace",
    "Instances",
    "Load",
    "OperationEnded",
    "Outside",
    "RoutingChanged",
    "RoutingTable",
    "ServingChanged",
    "ServingLoop",
    "environments_in_use",
    "gateway_routes",
    "reseal_keys",
    "routes",
]
