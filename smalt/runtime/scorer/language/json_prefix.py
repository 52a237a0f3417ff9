"""Whether a text can still become a JSON object, so that nothing else is generated."""

from __future__ import annotations

import re

_SPACE = " \t\n\r"
_NUMBER = re.compile(r"-?(0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d*)?")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_WORDS = ("true", "false", "null")
_MOST_SPACE = 16


class JsonPrefix:
    """What has been written so far, as a stack of what is open. `fed` gives a new one and leaves this as it is.

    Attributes:
        is_whole: Whether it is a JSON object and ends here.
    """

    __slots__ = ("_expects", "_spaces", "_stack", "_token", "is_whole")

    def __init__(self) -> None:
        self._stack: tuple[str, ...] = ()
        self._expects = "object"
        self._token: str | None = None
        self._spaces = 0
        self.is_whole = False

    def fed(self, text: str) -> JsonPrefix | None:
        """After more text; None where that cannot become JSON any more."""
        fresh = JsonPrefix()
        fresh._stack, fresh._expects, fresh._token = self._stack, self._expects, self._token
        fresh._spaces, fresh.is_whole = self._spaces, self.is_whole
        return fresh if all(fresh._take(letter) for letter in text) else None

    def _take(self, letter: str) -> bool:
        if self._token is not None and self._token.startswith('"'):
            return self._in_text(letter)
        if self._token is not None and self._goes_on(letter):
            return True
        if self._token is not None and not self._end_word():
            return False
        if letter in _SPACE:
            # A model may write spaces for ever, and each of them would be allowed.
            self._spaces += 1
            return self._spaces <= _MOST_SPACE
        self._spaces = 0
        return not self.is_whole and self._at_rest(letter)

    def _in_text(self, letter: str) -> bool:
        assert self._token is not None
        escape = self._token.partition("\\")[2]
        if "\\" in self._token:
            if escape.startswith("u"):
                if letter not in "0123456789abcdefABCDEF":
                    return False
                self._token = '"' if len(escape) == 4 else self._token + letter
            elif letter == "u":
                self._token += letter
            elif letter in '"\\/bfnrt':
                self._token = '"'  # noqa: S105  (of JSON)
            else:
                return False
            return True
        if letter == "\\":
            self._token += letter
        elif letter == '"':
            self._token = None
            self._expects = "colon" if self._expects in ("key", "key or end") else "comma"
        elif letter < " ":
            return False
        return True

    def _goes_on(self, letter: str) -> bool:
        longer = str(self._token) + letter
        is_word = any(word.startswith(longer) for word in _WORDS)
        if is_word or (letter not in _SPACE and _NUMBER.fullmatch(longer) is not None):
            self._token = longer
            return True
        return False

    def _end_word(self) -> bool:
        token, self._token = str(self._token), None
        self._expects = "comma"
        return token in _WORDS or _WHOLE_NUMBER.fullmatch(token) is not None

    def _at_rest(self, letter: str) -> bool:
        expects = self._expects
        if expects == "colon":
            self._expects = "value"
            return letter == ":"
        if letter == "," and expects == "comma":
            self._expects = "key" if self._stack[-1] == "{" else "value"
            return True
        if letter in "}]":
            return self._close(letter)
        if letter == '"' and expects in ("key", "key or end", "value", "value or end"):
            self._token = letter
            return True
        if letter == "{" and expects in ("object", "value", "value or end"):
            self._stack, self._expects = (*self._stack, "{"), "key or end"
            return True
        if expects not in ("value", "value or end"):
            return False
        if letter == "[":
            self._stack, self._expects = (*self._stack, "["), "value or end"
            return True
        self._token = letter
        return letter in "-0123456789tfn"

    def _close(self, letter: str) -> bool:
        opened = "{" if letter == "}" else "["
        may_end = self._expects == "comma" or self._expects == ("key or end" if opened == "{" else "value or end")
        if not self._stack or self._stack[-1] != opened or not may_end:
            return False
        self._stack, self._expects = self._stack[:-1], "comma"
        self.is_whole = not self._stack
        return True
