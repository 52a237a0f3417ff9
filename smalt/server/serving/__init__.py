"""Online endpoints: an address, deployments behind it, and instances that answer. The gateway carries the requests."""

from smalt.server.serving.assembly import Online, assemble
from smalt.server.serving.collections import collected
from smalt.server.serving.counters import read as read_counters
from smalt.server.serving.deployments import DeploymentService
from smalt.server.serving.events import EndpointAsked, OperationEnded, RoutingChanged, ServingChanged
from smalt.server.serving.gateway import GatewayPlace, gateway_at
from smalt.server.serving.log_stream import log_routes
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.serving.routes import operation_headers
from smalt.server.serving.service import EndpointService, reseal_keys
from smalt.server.serving.store import environments_in_use, models_served, names_and_tags

__all__ = [
    "DeploymentPinner",
    "DeploymentService",
    "EndpointAsked",
    "EndpointService",
    "GatewayPlace",
    "Online",
    "OperationEnded",
    "RoutingChanged",
    "ServingChanged",
    "assemble",
    "collected",
    "environments_in_use",
    "gateway_at",
    "log_routes",
    "models_served",
    "names_and_tags",
    "operation_headers",
    "read_counters",
    "reseal_keys",
]
