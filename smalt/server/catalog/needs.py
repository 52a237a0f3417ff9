"""What a model needs where it runs. Pure: sizes follow from how many numbers it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.entities.catalog import ModelCard

_GIB = 1 << 30
_STORED_BYTES, _SINGLE_BYTES, _HALF_BYTES = 2, 4, 2
_BEYOND_WEIGHTS = 1.2
"""What generating takes beside the weights, for a few answers at a time."""

_LORA = 1.5


@dataclass(frozen=True, slots=True)
class Needs:
    """Estimates in GiB.

    Args:
        disk: For the weights as they are stored, in half precision.
        memory: To serve it on processors, in single precision.
        gpu_memory: To serve it on a GPU, in half precision.
        fine_tuning_memory: To train adapters of it on processors.
    """

    disk: float
    memory: float
    gpu_memory: float
    fine_tuning_memory: float


def needs_of(card: ModelCard) -> Needs | None:
    """What a model needs; None where its size is not known, or another server runs it."""
    if card.parameters is None or card.connection is not None:
        return None
    numbers = card.parameters / _GIB
    return Needs(
        disk=_rounded(numbers * _STORED_BYTES),
        memory=_rounded(numbers * _SINGLE_BYTES * _BEYOND_WEIGHTS),
        gpu_memory=_rounded(numbers * _HALF_BYTES * _BEYOND_WEIGHTS),
        fine_tuning_memory=_rounded(numbers * _SINGLE_BYTES * _LORA),
    )


def _rounded(gib: float) -> float:
    return round(gib, 2) if gib < 1 else round(gib, 1)
