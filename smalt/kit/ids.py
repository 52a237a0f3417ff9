"""Identifiers: opaque ones for rows, readable ones for jobs."""

from __future__ import annotations

import os

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
    return os.urandom(16).hex()


def guid() -> str:
    """A random identifier in the dashed form ARM shows for workspaces and tenants."""
    # Every request gets one, and the class of the standard library takes three times as long.
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def readable() -> str:
    """A job name in the shape of the official clients: adjective_noun_suffix."""
    # One look at the system's randomness, not twelve: thousands of runs a second get such a name.
    rest, adjective = divmod(int.from_bytes(os.urandom(16)), len(_ADJECTIVES))
    rest, noun = divmod(rest, len(_NOUNS))
    letters = []
    for _ in range(10):
        rest, letter = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return f"{_ADJECTIVES[adjective]}_{_NOUNS[noun]}_{''.join(letters)}"
