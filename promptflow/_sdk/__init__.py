"""Older places of what `promptflow.entities` and `promptflow.client` have."""
