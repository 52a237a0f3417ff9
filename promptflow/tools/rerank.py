"""Ranking what look-ups have found anew."""

from smalt.flows.tools.builtin.rerank import rerank

__all__ = ["rerank"]
