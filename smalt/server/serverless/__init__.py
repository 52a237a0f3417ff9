"""Serverless endpoints: a model of the catalog behind an address, run as an online endpoint that sleeps when idle."""

from smalt.server.serverless.routes import routes
from smalt.server.serverless.service import ServerlessService
from smalt.server.serverless.subscriptions import SubscriptionService

__all__ = ["ServerlessService", "SubscriptionService", "routes"]
