"""What a script may ask about the mini-batch it is given."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MiniBatchContext:
    """Second argument of `run`, for scripts that take one.

    Attributes:
        minibatch_index: The number of the mini-batch, from 0.
        task_id: The same as text.
        dataset_name: The input that is split.
        partition_key_value: The values all its rows share, by key; None without partition keys.
        try_number: 1 for the first try.
        process_name: The worker that has it.
    """

    def __init__(
        self,
        *,
        index: int,
        dataset_name: str,
        partition: dict[str, Any] | None,
        try_number: int,
        process_name: str,
    ) -> None:
        self.minibatch_index = index
        self.task_id = str(index)
        self.dataset_name = dataset_name
        self.partition_key_value = partition
        self.try_number = try_number
        self.process_name = process_name

    def __repr__(self) -> str:
        return f"MiniBatchContext(minibatch_index={self.minibatch_index}, partition={self.partition_key_value})"
