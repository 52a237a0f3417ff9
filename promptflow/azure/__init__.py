"""`promptflow.azure`: the client of flows and runs of a workspace."""

from smalt.sdk.prompt_flow import PFClient

__all__ = ["PFClient"]
