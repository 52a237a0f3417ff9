"""From what `run` returned to lines of text."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def lines_of(returned: Any, separator: str = " ") -> tuple[bytes, int]:  # Any: whatever a script returns
    """The lines of a result, and how many rows it has.

    Rows of a DataFrame have their values between separators, quoted where needed, without header and index.

    Raises:
        TypeError: It is no list, tuple or DataFrame.
    """
    if hasattr(returned, "to_csv") and hasattr(returned, "columns"):
        text = returned.to_csv(sep=separator, header=False, index=False)
        return text.replace("\r\n", "\n").encode("utf-8", "replace"), len(returned)
    if returned is None or isinstance(returned, (str, bytes, dict)) or not hasattr(returned, "__iter__"):
        raise TypeError(
            f"run() returned {type(returned).__name__}. Return a list or a DataFrame with a row for each item that "
            "was processed."
        )
    lines = [str(each) for each in returned]
    return "".join(f"{each}\n" for each in lines).encode("utf-8", "replace"), len(lines)
