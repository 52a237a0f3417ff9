"""Flows that are code: a function, a class, or a prompty."""
