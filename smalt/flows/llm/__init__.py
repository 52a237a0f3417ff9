"""Prompts, and the calls of models that are made of them."""
