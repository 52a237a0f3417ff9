"""Identifiers: opaque ones for rows, readable ones for jobs."""

from __future__ import annotations

import secrets
import uuid

_ADJECTIVES = (
    "amber azure brave bright calm clever coral crimson dapper eager fancy gentle golden happy honest icy ivory jolly "
    "keen kind lemon lively lucky mellow mighty modest neat nimble olive patient plucky polite proud quick quiet red "
    "rosy royal rustic salty sharp silver sincere smart sturdy sunny teal tender tidy upbeat vivid warm wise witty"
).split()
_NOUNS = (
    "acorn anchor apple arch badge basket beach bell berry bird boat bridge brush cabin candle carrot cello cherry "
    "cloud comet cup deer dolphin door drum eagle ear evening feather fern field flag forest fox garden grape guitar "
    "heart hill house island jelly kettle kite lamp leaf lemon lion map moon nail oak ocean onion owl oxygen panda "
    "parcel pear pen piano plum pot quill rabbit rain river rock sail school shark shoe sock spade spoon star stone "
    "sugar table tiger tree turnip vase wall whale wheel yam"
).split()
_LETTERS = "0123456789bcdfghjklmnpqrstvwxyz"


def opaque() -> str:
    """A random identifier of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def guid() -> str:
    """A random identifier in the dashed form ARM shows for workspaces and tenants."""
    return str(uuid.uuid4())


def readable() -> str:
    """A job name in the shape of the official clients: adjective_noun_suffix."""
    suffix = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{secrets.choice(_ADJECTIVES)}_{secrets.choice(_NOUNS)}_{suffix}"
