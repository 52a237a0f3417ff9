"""Roles."""

from smalt.flows.chat_group import ChatRole

__all__ = ["ChatRole"]
