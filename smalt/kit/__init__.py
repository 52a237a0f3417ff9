"""Helpers without a smalt noun: ids, clock, yaml, json, time spans. Nothing here knows what a job or a model is."""
