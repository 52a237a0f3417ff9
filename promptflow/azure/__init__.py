"""`promptflow.azure`: the client of the cloud's runs. Runs of flows are made on this machine here."""

from promptflow.client import PFClient

__all__ = ["PFClient"]
