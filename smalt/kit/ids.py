"""Identifiers: opaque ones for rows, readable ones for jobs."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque

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

# The system is asked for randomness by the page: every request takes some, and each question costs more than the use.
_random: deque[bytes] = deque()
os.register_at_fork(after_in_child=_random.clear)
_made = itertools.count(time.time_ns())


def opaque() -> str:
    """A random identifier of 32 hexadecimal digits."""
    return _sixteen().hex()


def ordered() -> str:
    """An identifier of 32 hexadecimal digits, half of them random, that sorts behind those this process made before."""
    return f"{next(_made):016x}{_sixteen()[:8].hex()}"


def guid() -> str:
    """A random identifier in the dashed form ARM shows for workspaces and tenants."""
    # Every request gets one, and the class of the standard library takes three times as long.
    digits = _sixteen().hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def readable() -> str:
    """A job name in the shape of the official clients: adjective_noun_suffix."""
    rest, adjective = divmod(int.from_bytes(_sixteen()), len(_ADJECTIVES))
    rest, noun = divmod(rest, len(_NOUNS))
    letters = []
    for _ in range(10):
        rest, letter = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return f"{_ADJECTIVES[adjective]}_{_NOUNS[noun]}_{''.join(letters)}"


def _sixteen() -> bytes:
    """Random bytes that nobody else gets, in this process, in another thread or in a fork of it."""
    while True:
        try:
            return _random.pop()
        except IndexError:
            page = os.urandom(4096)
            _random.extend(page[start : start + 16] for start in range(0, len(page), 16))
