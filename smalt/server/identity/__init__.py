"""Who a caller is and what they may do: actors, tokens, roles, and the gate of the dispatcher."""

from smalt.server.identity.access import allows, can_see, full_action
from smalt.server.identity.cloud_routes import STORAGE_SUFFIX
from smalt.server.identity.directory import Directory, FirstOwner
from smalt.server.identity.gate import IdentityGate, bearer_token
from smalt.server.identity.keys import SigningKey
from smalt.server.identity.memory import ShortMemory
from smalt.server.identity.routes import routes
from smalt.server.identity.service import IdentityService
from smalt.server.identity.sessions import (
    BrowserSession,
    Sessions,
    cookie_name,
    is_same_origin,
    proof,
    session_token,
)

__all__ = [
    "STORAGE_SUFFIX",
    "BrowserSession",
    "Directory",
    "FirstOwner",
    "IdentityGate",
    "IdentityService",
    "Sessions",
    "ShortMemory",
    "SigningKey",
    "allows",
    "bearer_token",
    "can_see",
    "cookie_name",
    "full_action",
    "is_same_origin",
    "proof",
    "routes",
    "session_token",
]
