"""One answer while it is written: from tokens to text, up to a stop."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_UNFINISHED = "\ufffd"
_WINDOW, _CONTEXT = 64, 16


class Writing:
    """Tokens made text, as soon as it is sure.

    Args:
        tokenizer: Of the model.
        stops: Texts that end the answer and are no part of it.

    Attributes:
        text: All that is sure.
        is_stopped: Whether a stop has come.
    """

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self._decode: Callable[[Sequence[int]], str] = lambda tokens: str(
            tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )
        self._stops = stops
        self._tokens: list[int] = []
        self._settled = ""
        self.text = ""
        self.is_stopped = False

    def add(self, token: int) -> str:
        """What is sure of the text after one more token, beyond what was."""
        self._tokens.append(token)
        whole = self._settled + self._decode(self._tokens)
        if len(self._tokens) >= _WINDOW:
            self._settle(whole)
        return self._grow(whole, is_last=False)

    def end(self) -> str:
        """The rest."""
        return "" if self.is_stopped else self._grow(self._settled + self._decode(self._tokens), is_last=True)

    def shown(self, token: int) -> str:
        """What one more token would add."""
        before = self._decode(self._tokens)
        after = self._decode([*self._tokens, token])
        return after[len(before) :] if after.startswith(before) else _UNFINISHED

    def _settle(self, whole: str) -> None:
        """Decode only the last tokens from now on: all of a long answer with each token would take ever longer."""
        recent = self._tokens[-_CONTEXT:]
        shown = self._decode(recent)
        if shown and _UNFINISHED not in shown and whole.endswith(shown):
            self._settled, self._tokens = whole[: -len(shown)], recent

    def _grow(self, whole: str, *, is_last: bool) -> str:
        found = [place for place in (whole.find(stop) for stop in self._stops) if place >= 0]
        if found:
            self.is_stopped = True
            whole = whole[: min(found)]
        elif not is_last:
            whole = whole[: len(whole) - self._unsure(whole)]
        fresh = whole[len(self.text) :]
        self.text = max(self.text, whole, key=len)
        return fresh

    def _unsure(self, whole: str) -> int:
        """How much of the end may change: half a letter, or the beginning of a stop."""
        count = len(whole) - len(whole.rstrip(_UNFINISHED))
        for stop in self._stops:
            for size in range(min(len(stop) - 1, len(whole)), count, -1):
                if whole.endswith(stop[:size]):
                    count = size
                    break
        return count
