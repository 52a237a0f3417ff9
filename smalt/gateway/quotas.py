"""How much each caller of an endpoint may ask for: requests and tokens a minute, and requests at once."""

from __future__ import annotations

import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from smalt.gateway.refusal import Refusal, retry_after
from smalt.gateway.table import Limits

TOKENS = b"x-smalt-tokens"
"""Header of an answer that says how many tokens it took."""

TAIL_BYTES = 4096
"""How much of the end of an answer is looked at for that, where the header does not say it."""

_REMEMBERED = 4096
_TOLD = re.compile(rb'(?:"total_tokens"\s*:|^: smalt-tokens)\s*(\d{1,12})\b', re.MULTILINE)
"""As the protocol of OpenAI has it, and as our scorer tells at the end of a stream."""


def tokens_in(tail: bytes) -> int:
    """How many tokens an answer says that it took, by its end."""
    found = _TOLD.findall(tail)
    return int(found[-1]) if found else 0


class Meter:
    """A bucket for each caller, which fills evenly and holds a minute's worth."""

    def __init__(self, per_minute: float, now: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, caller: str, amount: float) -> float:
        """How long until a caller has so much left; 0 when that is so now."""
        missing = amount - self.left(caller)
        return max(0.0, missing) * 60 / self.per_minute

    def take(self, caller: str, amount: float) -> None:
        """Take so much, be it more than there is: the next ones wait for it."""
        self._left[caller] = (self.left(caller) - amount, self._now())
        self._left.move_to_end(caller)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)

    def left(self, caller: str) -> float:
        """How much a caller has."""
        left, at = self._left.get(caller, (self.per_minute, self._now()))
        return min(self.per_minute, left + (self._now() - at) * self.per_minute / 60)


class Quotas:
    """The quotas of one endpoint.

    Args:
        limits: What each caller may.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._requests = None if limits.requests_per_minute is None else Meter(limits.requests_per_minute)
        self._tokens = None if limits.tokens_per_minute is None else Meter(limits.tokens_per_minute)
        self._most_at_once = limits.concurrent_requests
        self._running: Counter[str] = Counter()

    @property
    def counts_tokens(self) -> bool:
        """Whether answers are looked at for their tokens."""
        return self._tokens is not None

    def enter(self, caller: str) -> Refusal | None:
        """Count a request until it leaves; a refusal, which is not counted, when it is one too many."""
        most = self._most_at_once
        if most is not None and self._running[caller] >= most:
            message = f"This key may have {most} requests at once. Wait for an answer."
            return Refusal(429, "TooManyAtOnce", message, retry_after(1))
        if self._tokens is not None and (seconds := self._tokens.wait_seconds(caller, 1)):
            message = f"This key may use {self._tokens.per_minute:g} tokens a minute. Try again in {seconds:.1f} s."
            return Refusal(429, "TokensUsedUp", message, retry_after(seconds))
        if self._requests is not None:
            if seconds := self._requests.wait_seconds(caller, 1):
                message = (
                    f"This key may send {self._requests.per_minute:g} requests a minute. Try again in {seconds:.1f} s."
                )
                return Refusal(429, "RateLimited", message, retry_after(seconds))
            self._requests.take(caller, 1)
        if most is not None:
            self._running[caller] += 1
        return None

    def told(self, caller: str) -> list[tuple[bytes, bytes]]:
        """Headers that say what a caller has left, in the words of hosted models."""
        found = []
        for word, meter in ((b"requests", self._requests), (b"tokens", self._tokens)):
            if meter is not None:
                found.append((b"x-ratelimit-limit-" + word, b"%d" % meter.per_minute))
                found.append((b"x-ratelimit-remaining-" + word, b"%d" % max(0, meter.left(caller))))
        return found

    def leave(self, caller: str, tokens: int) -> None:
        """A request is over, and has taken so many tokens."""
        if self._most_at_once is not None:
            self._running[caller] -= 1
            if self._running[caller] <= 0:
                del self._running[caller]
        if self._tokens is not None and tokens:
            self._tokens.take(caller, tokens)
