"""Generates for many callers at once, in a thread of its own: who comes later joins those who are being answered."""

from __future__ import annotations

import queue
import threading
import traceback

from .asking import Refused
from .batch import Alone, Batch, Model
from .json_prefix import JsonPrefix
from .sampling import Sampler
from .writing import Writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .asking import Wanted

_DEFAULT_MOST_TOKENS = 4096


class Answering:
    """An answer that is being written.

    Args:
        tokens: The question.
        wanted: How to answer.
        number: Which of several answers to it this is.
        told: Called in the engine's thread with each piece of text, and with None at the end.

    Attributes:
        finish: Why it ended: `stop` or `length`.
        failure: What went wrong.
        count: Tokens of the answer.
    """

    def __init__(self, tokens: Sequence[int], wanted: Wanted, number: int, told: Callable[[str | None], None]) -> None:
        self.tokens = tokens
        self.wanted = wanted
        self.number = number
        self.told = told
        self.is_given_up = False
        self.finish = "stop"
        self.failure: BaseException | None = None
        self.count = 0
        self.last = 0
        self.most = 0
        self.sampler: Any = None
        self.writing: Any = None
        self.json: JsonPrefix | None = JsonPrefix() if wanted.is_json else None

    @property
    def text(self) -> str:
        """What is written."""
        return str(self.writing.text) if self.writing is not None else ""


class Engine:
    """Answers, as many at once as may.

    Args:
        network: A causal model of transformers.
        tokenizer: Its tokenizer.
        most_at_once: Answers that are written together; others wait.
    """

    def __init__(self, network: Any, tokenizer: Any, most_at_once: int) -> None:
        self._model = Model(network)
        self._tokenizer = tokenizer
        self._most = most_at_once
        self._room = _room(network.config)
        self._ends = _ends(network, tokenizer)
        self._coming: queue.SimpleQueue[Answering | None] = queue.SimpleQueue()
        self._together: Batch[Answering] = Batch(self._model)
        self._apart: list[Alone[Answering]] = []
        self._thread = threading.Thread(target=self._run, name="language-engine", daemon=True)
        self._thread.start()

    @property
    def room(self) -> int | None:
        """Tokens that a question and its answer may have together; None for no bound."""
        return self._room

    def ask(self, answering: Answering) -> None:
        """Have something answered.

        Raises:
            Refused: The question leaves no room for an answer.
        """
        length, room = len(answering.tokens), self._room
        if not length:
            raise Refused(400, "bad_request", "The question has no token. Send some text.", at="messages")
        if room is not None and length >= room:
            message = f"The model takes {room} tokens, and the question alone has {length}. Shorten it."
            raise Refused(400, "context_length_exceeded", message, at="messages")
        most = answering.wanted.max_tokens or _DEFAULT_MOST_TOKENS
        answering.most = most if room is None else min(most, room - length)
        self._coming.put(answering)

    def close(self) -> None:
        """End, once what is being written has ended."""
        self._coming.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while self._take_in():
            groups: list[Batch[Answering] | Alone[Answering]] = [self._together, *self._apart]
            for group in groups:
                if group.rows:
                    self._step(group)
            self._apart = [each for each in self._apart if each.rows]

    @property
    def _busy(self) -> int:
        return len(self._together.rows) + len(self._apart)

    def _take_in(self) -> bool:
        """Begin what waits, as far as there is place; wait where there is nothing to do. False at the end."""
        while self._busy < self._most:
            try:
                answering = self._coming.get(block=not self._busy)
            except queue.Empty:
                return True
            if answering is None:
                return False
            try:
                self._begin(answering)
            except Exception as failure:
                traceback.print_exc()
                self._end(answering, failure=failure)
        return True

    def _begin(self, answering: Answering) -> None:
        if answering.is_given_up:
            return
        answering.sampler = Sampler(answering.wanted, answering.number, self._ends)
        answering.writing = Writing(self._tokenizer, answering.wanted.stops)
        logits, cache = self._model.begin(answering.tokens)
        if self._is_over(answering, logits):
            return
        if Batch.takes(cache):
            self._together.join(answering, cache)
        else:
            self._apart.append(Alone(self._model, answering, cache))

    def _step(self, group: Batch[Answering] | Alone[Answering]) -> None:
        try:
            scores = group.step([each.last for each in group.rows])
            group.keep([place for place, each in enumerate(group.rows) if not self._is_over(each, scores[place])])
        except Exception as failure:
            traceback.print_exc()
            for each in group.rows:
                self._end(each, failure=failure)
            group.keep([])

    def _is_over(self, answering: Answering, scores: Any) -> bool:
        """Choose the next token; whether there is none after it."""
        if answering.is_given_up:
            return True
        if answering.json is None:
            token = answering.sampler.choose(scores)
        else:
            token, answering.json = answering.sampler.choose_json(scores, answering.json, answering.writing.shown)
        if token in self._ends or token < 0:
            return self._end(answering)
        answering.last = token
        answering.count += 1
        piece = answering.writing.add(token)
        if piece:
            answering.told(piece)
        if answering.writing.is_stopped:
            return self._end(answering)
        if answering.count >= answering.most:
            return self._end(answering, finish="length")
        return False

    def _end(self, answering: Answering, *, finish: str = "stop", failure: BaseException | None = None) -> bool:
        answering.finish, answering.failure = finish, failure
        rest = answering.writing.end() if answering.writing is not None else ""
        if rest:
            answering.told(rest)
        answering.told(None)
        return True


def _room(config: Any) -> int | None:
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        found = getattr(config, name, None)
        if isinstance(found, int) and found > 0:
            return found
    return None


def _ends(network: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer: those of the model's own settings, and the tokenizer's."""
    found: set[int] = set()
    for value in (getattr(network.generation_config, "eos_token_id", None), tokenizer.eos_token_id):
        found |= set(value) if isinstance(value, (list, tuple)) else set() if value is None else {value}
    return frozenset(found)
