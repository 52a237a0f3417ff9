"""Files of weights in the format safetensors, looked at without loading them: standard library only."""

from __future__ import annotations

import json
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST_HEADER = 100 << 20


class BadWeights(ValueError):
    """A file of weights is damaged; the message says how."""


def tensors_in(path: str) -> dict[str, Any]:
    """What the header of a file says of each tensor.

    Raises:
        BadWeights: The file is no such file, or shorter or longer than its header says.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
            raise BadWeights(f"{os.path.basename(path)} is no safetensors file: its header cannot be read.")
        try:
            header = json.loads(file.read(length))
        except ValueError:
            raise BadWeights(f"{os.path.basename(path)} is no safetensors file: its header is no JSON.") from None
    found = {name: told for name, told in header.items() if name != "__metadata__"}
    ends = [told["data_offsets"][1] for told in found.values()]
    if max(ends, default=0) != size - 8 - length:
        raise BadWeights(
            f"{os.path.basename(path)} has {size - 8 - length} bytes of tensors, and its header speaks of "
            f"{max(ends, default=0)}. It is damaged or cut off; fetch it again."
        )
    return found


def count_of(tensors: dict[str, Any]) -> int:
    """How many numbers tensors have together."""
    total = 0
    for told in tensors.values():
        count = 1
        for length in told["shape"]:
            count *= length
        total += count
    return total
