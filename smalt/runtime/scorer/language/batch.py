"""Answers that are written together: one step of the model makes the next token of each."""

from __future__ import annotations

import inspect
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

Row = TypeVar("Row")


class Model:
    """A causal model of transformers, called for the next scores.

    Args:
        network: The model.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._has_positions = "position_ids" in inspect.signature(network.forward).parameters
        self.device = network.device

    def begin(self, tokens: Sequence[int]) -> tuple[Any, Any]:
        """Read a question: the scores of what follows, and the cache that goes on from there."""
        import torch

        with torch.inference_mode():
            told = self._network(input_ids=torch.tensor([list(tokens)], device=self.device), use_cache=True)
        return told.logits[0, -1], told.past_key_values

    def step(self, tokens: Sequence[int], cache: Any, mask: Any) -> tuple[Any, Any]:
        """One more token for each row: the scores of what follows, by row, and the cache."""
        import torch

        given = {"input_ids": torch.tensor(tokens, device=self.device)[:, None], "past_key_values": cache}
        if mask is not None:
            given["attention_mask"] = mask
            if self._has_positions:
                given["position_ids"] = (mask.sum(dim=1) - 1)[:, None]
        with torch.inference_mode():
            told = self._network(use_cache=True, **given)
        return told.logits[:, -1], told.past_key_values


class Alone(Generic[Row]):
    """One answer with a cache of whatever form: of models that keep a window, or a state."""

    def __init__(self, model: Model, row: Row, cache: Any) -> None:
        self._model = model
        self._cache = cache
        self.rows: list[Row] = [row]

    def step(self, tokens: Sequence[int]) -> Any:
        """The scores after one more token."""
        logits, self._cache = self._model.step(tokens, self._cache, None)
        return logits

    def keep(self, places: Sequence[int]) -> None:
        """Let go of the row unless it is among these."""
        self.rows = [self.rows[place] for place in places]


class Batch(Generic[Row]):
    """Answers of different lengths side by side; shorter ones have padding before them, which the mask hides.

    Attributes:
        rows: Whose answers they are.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._layers: list[tuple[Any, Any]] = []
        self._mask: Any = None
        self.rows: list[Row] = []

    @staticmethod
    def takes(cache: Any) -> bool:
        """Whether a cache is nothing but keys and values of every token, so that caches can be put side by side."""
        layers: list[Any] = getattr(cache, "layers", None) or []
        return bool(layers) and all(type(layer).__name__ == "DynamicLayer" for layer in layers)

    def join(self, row: Row, cache: Any) -> None:
        """Take one more."""
        import torch

        fresh = [(layer.keys, layer.values) for layer in cache.layers]
        length = fresh[0][0].shape[2]
        mask = torch.ones((1, length), dtype=torch.long, device=self._model.device)
        if not self.rows:
            self._layers, self._mask = fresh, mask
        else:
            width = max(length, self._mask.shape[1])
            self._mask = torch.cat([_widened(self._mask, width, 1), _widened(mask, width, 1)])
            self._layers = [
                (_joined(keys, more_keys, width), _joined(values, more_values, width))
                for (keys, values), (more_keys, more_values) in zip(self._layers, fresh)  # noqa: B905  (Python 3.8)
            ]
        self.rows.append(row)

    def step(self, tokens: Sequence[int]) -> Any:
        """The scores after one more token of each, by row."""
        import torch
        from transformers import DynamicCache

        cache = DynamicCache()
        for number, (keys, values) in enumerate(self._layers):
            cache.update(keys, values, number)
        more = torch.ones((len(self.rows), 1), dtype=self._mask.dtype, device=self._model.device)
        self._mask = torch.cat([self._mask, more], dim=1)
        logits, cache = self._model.step(tokens, cache, self._mask)
        self._layers = [(layer.keys, layer.values) for layer in cache.layers]
        return logits

    def keep(self, places: Sequence[int]) -> None:
        """Let go of all rows but these, and of padding that none of them needs."""
        import torch

        if len(places) == len(self.rows):
            return
        self.rows = [self.rows[place] for place in places]
        if not self.rows:
            self._layers, self._mask = [], None
            return
        chosen = torch.tensor(list(places), device=self._model.device)
        mask = self._mask[chosen]
        first = int(mask.argmax(dim=1).min())
        self._mask = mask[:, first:]
        self._layers = [(keys[chosen][:, :, first:], values[chosen][:, :, first:]) for keys, values in self._layers]


def _joined(old: Any, fresh: Any, width: int) -> Any:
    import torch

    return torch.cat([_widened(old, width, 2), _widened(fresh, width, 2)])


def _widened(tensor: Any, width: int, dimension: int) -> Any:
    import torch

    missing = width - tensor.shape[dimension]
    if not missing:
        return tensor
    shape = [*tensor.shape]
    shape[dimension] = missing
    return torch.cat([tensor.new_zeros(shape), tensor], dim=dimension)
