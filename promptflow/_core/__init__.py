"""Older places of what `promptflow.core` has."""
