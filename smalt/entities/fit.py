"""Whether what a step of a pipeline is given fits what its component declares. Pure: client and server ask the same."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.entities.component import ComponentInput
from smalt.errors import InvalidRequest

FOLDERS = frozenset({"uri_folder", "mltable", "path", "custom_model", "mlflow_model", "triton_model", "mltable_folder"})
PORTS = FOLDERS | {"uri_file"}
VALUES = ("string", "number", "integer", "boolean")
ANY = "any"
LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class Given:
    """What a binding gives: its declared type, and its text where that is known already.

    Args:
        type: A type of data or of a value; `literal` for a value without one, `any` where nothing is known.
        text: The value.
    """

    type: str
    text: str | None = None

    @property
    def is_port(self) -> bool:
        """Whether it is data rather than a value."""
        return self.type in PORTS


def fitting() -> dict[str, list[str]]:
    """For each type of an output or input, and for a value without one, the types of inputs that take it."""
    types = (*VALUES, *sorted(PORTS), ANY)
    return {given: [wanted for wanted in types if _fits(wanted, given)] for given in (*types, LITERAL)}


def check_fit(name: str, declared: ComponentInput, given: Given) -> None:
    """Refuse what an input cannot take.

    Raises:
        InvalidRequest: It is data where a value belongs, a folder where a file does, or not of the declared type.
    """
    wanted = declared.type.lower()
    if ANY in (wanted, given.type):
        return
    if declared.is_port:
        if not given.is_port:
            shown = f"the value {given.text!r}" if given.text is not None else _a(given.type)
            raise InvalidRequest(
                f"{name!r} takes {wanted} and is given {shown}. Give it data: path: and type:, or the output of a step."
            )
        if wanted == "uri_file" and given.type in FOLDERS - {"path"}:
            raise InvalidRequest(f"{name!r} takes a file (uri_file) and is given a {given.type}.")
        return
    if given.is_port:
        raise InvalidRequest(f"{name!r} takes {_a(wanted)} and is given data ({given.type}). Give it a value.")
    if given.text is not None:
        check_value(name, declared, given.text)
    elif given.type != LITERAL and wanted != "string" and _family(given.type) != _family(wanted):
        raise InvalidRequest(f"{name!r} takes {_a(wanted)} and is given {_a(given.type)}.")


def check_value(name: str, declared: ComponentInput, text: str) -> None:
    """Refuse a value that is not of the declared type, or outside its bounds.

    Raises:
        InvalidRequest: The message names the bound.
    """
    try:
        value = declared.coerced(text)
        low = declared.coerced(declared.min) if declared.min is not None else None
        high = declared.coerced(declared.max) if declared.max is not None else None
        allowed = [declared.coerced(choice) for choice in declared.enum] if declared.enum else None
    except ValueError as error:
        raise InvalidRequest(f"{name!r} takes {_a(declared.type.lower())}: {error}") from None
    if low is not None and value < low:  # type: ignore[operator]  # both of the declared type
        raise InvalidRequest(f"{name!r} is {value} and must be at least {low}.")
    if high is not None and value > high:  # type: ignore[operator]  # both of the declared type
        raise InvalidRequest(f"{name!r} is {value} and must be at most {high}.")
    if allowed is not None and value not in allowed:
        raise InvalidRequest(f"{name!r} is {value!r} and must be one of: {', '.join(str(each) for each in allowed)}.")


def _fits(wanted: str, given: str) -> bool:
    try:
        check_fit("", ComponentInput(type=wanted), Given(given))
    except InvalidRequest:
        return False
    return True


def _a(type_name: str) -> str:
    return f"{'an' if type_name[:1] in 'aeio' else 'a'} {type_name}"


def _family(type_name: str) -> str:
    return {"int": "number", "integer": "number", "float": "number", "bool": "boolean"}.get(type_name, type_name)
