"""Flows that talk with one another."""
