"""Conditions of a `filter` step, e.g. `col("age") > 30 and not col("name") == "x"`: read as a tree, never evaluated."""

from __future__ import annotations

import ast
import datetime
import operator

from .failure import TableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ARITHMETIC = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip


def mask(text: str, frame: Any) -> Any:  # Any: a DataFrame; a Series of truth values
    """Which rows meet a condition.

    Raises:
        TableError: It is no condition, or names a column that is not there.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise TableError(
            f'filter {text!r} cannot be read. Write e.g. col("age") > 30 and col("city") == "Oslo".'
        ) from None
    try:
        return _Reading(text, frame).value(tree).astype(bool)
    except (TypeError, AttributeError) as failure:
        raise TableError(f"filter {text!r} does not fit the columns: {failure}.") from None


class _Reading:
    def __init__(self, text: str, frame: Any) -> None:
        self._text = text
        self._frame = frame

    def value(self, node: ast.AST) -> Any:  # Any: a Series or a literal
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BoolOp):
            values = [self.value(each) for each in node.values]
            result = values[0]
            for each in values[1:]:
                result = result & each if isinstance(node.op, ast.And) else result | each
            return result
        if isinstance(node, ast.UnaryOp):
            inner = self.value(node.operand)
            return ~inner.astype(bool) if isinstance(node.op, ast.Not) else -inner
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return _ARITHMETIC[type(node.op)](self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._called(node.func.id, [self.value(each) for each in node.args])
        raise TableError(f"filter {self._text!r}: {ast.dump(node)[:60]} is not understood.")

    def _compared(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        result = None
        for kind, right_node in zip(node.ops, node.comparators):  # noqa: B905  (strict came with Python 3.10)
            if type(kind) not in _COMPARE:
                raise TableError(f"filter {self._text!r}: use ==, !=, <, <=, > and >=.")
            right = self.value(right_node)
            found = _COMPARE[type(kind)](left, right)
            result = found if result is None else result & found
            left = right
        return result

    def _called(self, name: str, arguments: list[Any]) -> Any:
        if name == "datetime":
            return datetime.datetime(*arguments)
        if name != "col" or len(arguments) != 1:
            raise TableError(f'filter {self._text!r}: {name}() is not known. Columns are written col("name").')
        if arguments[0] not in self._frame.columns:
            raise TableError(f"filter {self._text!r}: the table has no column {arguments[0]!r}.")
        return self._frame[arguments[0]]
