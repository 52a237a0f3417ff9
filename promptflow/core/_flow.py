"""Flows and prompties as functions, at an older place."""

from smalt.flows.callables import AsyncFlow, Flow
from smalt.flows.flex.prompty import AsyncPrompty, Prompty

__all__ = ["AsyncFlow", "AsyncPrompty", "Flow", "Prompty"]
