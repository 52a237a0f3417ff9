"""Texts made vectors, in the way that the model's own files say."""

from __future__ import annotations

import base64
import json
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Vectors:
    """A model whose last hidden states are pooled.

    Args:
        network: A model of transformers without a head.
        tokenizer: Its tokenizer.
        folder: May hold the settings of sentence-transformers.
    """

    def __init__(self, network: Any, tokenizer: Any, folder: str) -> None:
        self._network = network
        self._tokenizer = tokenizer
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        # A decoder's last state has seen all of the text; padding before it would shift the positions of others.
        tokenizer.padding_side = "right"
        pooling = _read(os.path.join(folder, "1_Pooling", "config.json"))
        self._is_first = bool(pooling.get("pooling_mode_cls_token"))
        self._is_last = bool(pooling.get("pooling_mode_lasttoken"))
        modules = _read(os.path.join(folder, "modules.json"))
        self._is_unit = any(str(each.get("type", "")).endswith("Normalize") for each in modules or ())

    def of(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        """A vector of each text, and how many tokens they have together."""
        import torch

        room = getattr(self._network.config, "max_position_embeddings", None)
        given = self._tokenizer(
            list(texts), padding=True, truncation=room is not None, max_length=room, return_tensors="pt"
        ).to(self._network.device)
        with torch.inference_mode():
            states = self._network(**given).last_hidden_state
        mask = given["attention_mask"]
        pooled = self._pooled(states, mask).float()
        if self._is_unit:
            pooled = torch.nn.functional.normalize(pooled, dim=-1)
        return pooled.cpu().tolist(), int(mask.sum())

    def _pooled(self, states: Any, mask: Any) -> Any:
        if self._is_first:
            return states[:, 0]
        if self._is_last:
            return states[range(len(states)), mask.sum(dim=1) - 1]
        weights = mask[:, :, None].to(states.dtype)
        return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def encoded(vector: Sequence[float], encoding: str) -> Any:
    """A vector as the caller wants it: numbers, or base64 of little-endian 32-bit floats."""
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _read(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read())
    except (OSError, ValueError):
        return {}
