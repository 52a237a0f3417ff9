"""Sign-in through an organisation's own accounts: OpenID Connect, with people and roles that follow from its claims."""

from smalt.server.signin.people import People
from smalt.server.signin.routes import routes
from smalt.server.signin.settings import FILE, SignInSettings

__all__ = ["FILE", "People", "SignInSettings", "routes"]
