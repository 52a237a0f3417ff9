"""Online endpoints: an address, deployments behind it, and instances that answer. The gateway carries the requests."""

from smalt.server.serving.assembly import Online, assemble
from smalt.server.serving.events import EndpointAsked, OperationEnded, RoutingChanged, ServingChanged
from smalt.server.serving.gateway import GatewayPlace
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.serving.service import reseal_keys
from smalt.server.serving.store import environments_in_use, models_served, names_and_tags

__all__ = [
    "DeploymentPinner",
    "EndpointAsked",
    "GatewayPlace",
    "Online",
    "OperationEnded",
    "RoutingChanged",
    "ServingChanged",
    "assemble",
    "environments_in_use",
    "models_served",
    "names_and_tags",
    "reseal_keys",
]
