"""`promptflow.azure`: the client of the cloud's runs. Runs of flows are made on this machine here."""

from smalt.flows.client import PFClient

__all__ = ["PFClient"]
