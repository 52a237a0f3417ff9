"""What a pickle would import if it were loaded, found by following its opcodes. Nothing is imported or called here.

Also of joblib's files, whose arrays stand between the opcodes.
"""

from __future__ import annotations

import contextlib
import io
import math
import pickletools
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

UNKNOWN = "?"
"""Stands for what is only known once the pickle is loaded."""

_MOST_OPCODES = 20_000_000
_MARK = object()
_UNREADABLE = (ValueError, IndexError, TypeError, KeyError, EOFError, RecursionError, OverflowError)
_DTYPE = re.compile(r"[<>|=]?([a-zA-Z])(\d*)")
_WIDE = {"U": 4}
_WRAPPERS = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_MEMO_PUT, _MEMO_GET = ("PUT", "BINPUT", "LONG_BINPUT"), ("GET", "BINGET", "LONG_BINGET")
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True, slots=True)
class Imports:
    """What was found.

    Args:
        names: Module and name of everything that would be imported; `UNKNOWN` for what cannot be told.
        is_whole: Whether it was read to the end; else there may be more.
    """

    names: frozenset[tuple[str, str]]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Import:
    """An imported object on the stack."""

    module: str
    name: str


@dataclass(slots=True)
class _Made:
    """What a call would give."""

    maker: object
    arguments: object


@dataclass
class _Machine:
    """Follows one pickle. Of values only texts, numbers, tuples and dictionaries are kept."""

    stream: BinaryIO
    names: set[tuple[str, str]]
    stack: list[Any] = field(default_factory=list)  # Any: symbolic values
    memo: dict[int, Any] = field(default_factory=dict)  # Any: symbolic values

    def run(self) -> None:
        """Follow it to its end.

        Raises:
            ValueError: It cannot be read on.
        """
        for count, (opcode, argument, _) in enumerate(pickletools.genops(self.stream)):
            if count > _MOST_OPCODES:
                raise ValueError("too many opcodes")
            self._take(opcode, argument)

    def _take(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:  # Any: as pickletools reads it
        for names, follow in _FOLLOWED:
            if opcode.name in names:
                follow(self, opcode.name, argument)
                return
        self._take_other(opcode, argument)

    def _import(self, name: str, argument: Any) -> None:  # Any: as pickletools reads it
        stack = self.stack
        if name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            stack.append(self._imported(module, attribute))
        elif name in ("GLOBAL", "INST"):
            arguments = tuple(self._since_mark()) if name == "INST" else ()
            module, _, attribute = str(argument).partition(" ")
            found = self._imported(module, attribute)
            stack.append(_Made(found, arguments) if name == "INST" else found)
        else:  # a number, whose meaning is registered in the process that loads it
            stack.append(self._imported(None, None))

    def _remember(self, name: str, argument: Any) -> None:  # Any: as pickletools reads it
        if name in _MEMO_GET:
            self.stack.append(self.memo.get(int(argument)))
        else:
            self.memo[len(self.memo) if name == "MEMOIZE" else int(argument)] = self.stack[-1]

    def _move(self, name: str, _: Any) -> None:  # Any: as pickletools reads it
        self.stack.append(_MARK if name == "MARK" else self.stack[-1])

    def _tuple(self, name: str, _: Any) -> None:  # Any: as pickletools reads it
        if name == "TUPLE":
            taken = self._since_mark()
        else:
            start = len(self.stack) - _TUPLES[name]
            taken = self.stack[start:]
            del self.stack[start:]
        self.stack.append(_checked(tuple(taken)))

    def _fill(self, name: str, _: Any) -> None:  # Any: as pickletools reads it
        stack = self.stack
        if name in ("EMPTY_DICT", "DICT"):
            stack.append(_dictionary(self._since_mark() if name == "DICT" else []))
            return
        items = self._since_mark() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
        found = _dictionary(items)
        if isinstance(stack[-1], dict):
            stack[-1].update(found)

    def _call(self, name: str, _: Any) -> None:  # Any: as pickletools reads it
        stack = self.stack
        if name == "OBJ":
            maker, *arguments = self._since_mark()
            stack.append(_Made(maker, tuple(arguments)))
            return
        if name == "NEWOBJ_EX":
            stack.pop()
        given, maker = stack.pop(), stack.pop()
        stack.append(_Made(maker, given))

    def _build(self, _: str, __: Any) -> None:  # Any: as pickletools reads it
        state = self.stack.pop()
        if isinstance(self.stack[-1], _Made) and _is_array(self.stack[-1].maker):
            self._skip_array(state)
            self.stack[-1] = None

    def _take_other(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:  # Any: as pickletools reads it
        """What only moves values: pickletools knows how many come and go."""
        taken = opcode.stack_before
        if pickletools.stackslice in taken or taken[-1:] == [pickletools.markobject]:
            self._since_mark()
            taken = taken[: taken.index(pickletools.markobject)]
        for _ in taken:
            self.stack.pop()
        value = argument if isinstance(argument, str | int | float) else None
        if opcode.name in ("NEWTRUE", "NEWFALSE"):
            value = opcode.name == "NEWTRUE"
        self.stack += [value] * len(opcode.stack_after)

    def _imported(self, module: object, name: object) -> _Import:
        found = _Import(*(each if isinstance(each, str) else UNKNOWN for each in (module, name)))
        self.names.add((found.module, found.name))
        return found

    def _since_mark(self) -> list[Any]:  # Any: symbolic values
        taken = []
        while (value := self.stack.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]

    def _skip_array(self, state: object) -> None:
        """Pass over the bytes of an array, as joblib's reader would take them."""
        if not isinstance(state, dict):
            raise ValueError("an array without a shape")
        shape, kind = state.get("shape"), state.get("dtype")
        text = kind.arguments[0] if isinstance(kind, _Made) and isinstance(kind.arguments, tuple) else None
        match = _DTYPE.fullmatch(text) if isinstance(text, str) else None
        if match is None or not isinstance(shape, tuple) or not all(isinstance(each, int) for each in shape):
            raise ValueError("an array of an unknown kind")
        if match[1] == "O":  # a pickle of its own
            _Machine(self.stream, self.names).run()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            _skip(self.stream, int.from_bytes(_read(self.stream, 1), "little"))
        _skip(self.stream, math.prod(shape) * int(match[2] or 1) * _WIDE.get(match[1], 1))


_Follow = Callable[[_Machine, str, Any], None]  # Any: as pickletools reads it

_FOLLOWED: tuple[tuple[frozenset[str], _Follow], ...] = (
    (frozenset((*_MEMO_PUT, *_MEMO_GET, "MEMOIZE")), _Machine._remember),
    (frozenset(("GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4")), _Machine._import),
    (frozenset(("MARK", "DUP")), _Machine._move),
    (frozenset((*_TUPLES, "TUPLE")), _Machine._tuple),
    (frozenset(("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS")), _Machine._fill),
    (frozenset(("REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ")), _Machine._call),
    (frozenset(("BUILD",)), _Machine._build),
)
"""What is done for each opcode; the others only move values."""


def imports(stream: BinaryIO) -> Imports:
    """What the pickles in a stream would import, which stand in it one after the other.

    Both ways of loading are followed: that of pickle, and that of joblib where there are its arrays. What comes after
    the first pickle and is none is not looked at: nothing loads it.
    """
    names: set[tuple[str, str]] = set()
    start, ended = stream.tell(), 0
    while True:
        try:
            _Machine(stream, names).run()
        except _UNREADABLE:
            break
        ended += 1
        if not stream.read(1):
            break
        stream.seek(-1, io.SEEK_CUR)
    if any(_is_array(_Import(*each)) for each in names):
        names |= _plainly(stream, start)
    return Imports(frozenset(names), is_whole=ended > 0)


def _plainly(stream: BinaryIO, start: int) -> set[tuple[str, str]]:
    """What `pickle.load` would import of a file of joblib, until it fails."""
    stream.seek(start)
    names: set[tuple[str, str]] = set()
    machine = _Machine(stream, names)
    machine._skip_array = lambda state: None  # type: ignore[method-assign]  # pickle knows of no arrays
    with contextlib.suppress(*_UNREADABLE):
        machine.run()
    return names


def _is_array(maker: object) -> bool:
    return isinstance(maker, _Import) and maker.name == _WRAPPERS[1] and maker.module.endswith(_WRAPPERS[0])


def _dictionary(items: list[Any]) -> dict[Any, Any]:  # Any: symbolic values
    pairs = zip(items[::2], _checked(tuple(items[1::2])), strict=True)
    return {key: value for key, value in pairs if isinstance(key, Hashable) and not isinstance(key, tuple | _Made)}


def _checked(values: tuple[Any, ...]) -> tuple[Any, ...]:  # Any: symbolic values
    """Values that may be kept together. The class of joblib's arrays is none: in other hands it would make arrays that
    stand where we see none.
    """
    if any(map(_is_array, values)):
        raise ValueError("an array that is made in an unusual way")
    return values


def _read(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError("the file ends within an array")
    return found


def _skip(stream: BinaryIO, size: int) -> None:
    before = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    if before + size > end:
        raise EOFError("the file ends within an array")
    stream.seek(before + size)
