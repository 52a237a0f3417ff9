"""Online endpoints: an address, deployments behind it, and instances that answer. The gateway carries the requests."""

from smalt.server.serving.assembly import Online, assemble
from smalt.server.serving.gateway import GatewayPlace
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.serving.service import reseal_keys
from smalt.server.serving.store import environments_in_use, models_served

__all__ = [
    "DeploymentPinner",
    "GatewayPlace",
    "Online",
    "assemble",
    "environments_in_use",
    "models_served",
    "reseal_keys",
]
