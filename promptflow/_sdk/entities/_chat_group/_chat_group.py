"""Groups."""

from smalt.flows.chat_group import ChatGroup

__all__ = ["ChatGroup"]
