"""A language model of transformers, asked by the protocols of OpenAI and of the model inference API."""

from __future__ import annotations

import asyncio
import json
import os
import threading

from ...language import model_folder
from ..http11 import Answer
from ..language import asking
from ..language.answers import DONE, Chats, Texts, usage
from ..language.asking import Refused
from ..language.engine import Answering, Engine
from ..language.vectors import Vectors, encoded
from .base import SCORE_PATHS, Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Any

    from ..http11 import Request
    from ..language.asking import Wanted
    from ..settings import Settings

_JSON = ("content-type", "application/json")
_EVENTS = ("content-type", "text/event-stream; charset=utf-8")
_CHAT, _TEXT, _EMBEDDINGS, _PICTURES = "/chat/completions", "/completions", "/embeddings", "/images/embeddings"
_INFO, _MODELS = "/info", "/models"
_OURS = frozenset({_CHAT, _TEXT, _EMBEDDINGS, _PICTURES, _INFO, _MODELS})
_EXTRA = "extra-parameters"


class LanguageLoader(Loader):
    """A model that generates, or makes vectors.

    Args:
        settings: `model_dir` is the folder of the model. The variables `SMALT_DTYPE` (such as `bfloat16`) and
            `SMALT_DEVICE` (such as `cuda:0`) choose what is else taken by what the machine has.
    """

    is_async = True
    paths = SCORE_PATHS | _OURS | frozenset("/v1" + each for each in _OURS)

    def __init__(self, settings: Settings) -> None:
        if not settings.model_dir:
            raise LoadError("A deployment without code needs a model. Name one.")
        self._root = settings.model_dir
        self._most_at_once = settings.concurrency
        self._engine: Engine | None = None
        self._vectors: Vectors | None = None
        self._one_at_a_time = threading.Lock()

    def load(self) -> None:
        """Load the weights."""
        try:
            self._folder = model_folder.ModelFolder(self._root)
        except model_folder.NoModel as failure:
            raise LoadError(str(failure)) from None
        try:
            import torch
            import transformers
        except ImportError as failure:
            raise LoadError(f"The environment lacks {failure.name}. Add torch and transformers to it.") from None
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder.tokenizer, local_files_only=True)
        kind = transformers.AutoModel if self._is_of_vectors else transformers.AutoModelForCausalLM
        device = os.environ.get("SMALT_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
        # Half precision is slower than single on most processors, and what a GPU is made for.
        dtype = os.environ.get("SMALT_DTYPE") or ("float32" if device == "cpu" else "auto")
        # Weights of other formats are pickles, which run code when they are read.
        network = kind.from_pretrained(
            self._folder.weights, local_files_only=True, use_safetensors=True, dtype=dtype
        ).to(device)
        network.eval()
        if self._is_of_vectors:
            self._vectors = Vectors(network, self._tokenizer, self._folder.weights)
        else:
            # Each answer holds the keys and values of all its tokens, so that their number is what memory allows.
            self._engine = Engine(network, self._tokenizer, self._most_at_once)

    async def score(self, request: Request) -> Answer:
        """Answer."""
        path = request.path[3:] if request.path.startswith("/v1/") else request.path
        try:
            return await self._answer(path, request)
        except Refused as refused:
            return refused.answer()

    def close(self) -> None:
        """Let the engine end."""
        if self._engine is not None:
            self._engine.close()

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The routes that this model answers."""
        if version != "3":
            return None
        generating = [_CHAT, _TEXT] if self._has_chat else [_TEXT]
        return asking.openapi(self._folder.name, [_EMBEDDINGS] if self._is_of_vectors else generating, _INFO)

    def describe(self) -> dict[str, Any]:
        """The model."""
        return {"loader": "language", "name": self._folder.name, "task": self._folder.task, "chat": self._has_chat}

    @property
    def _is_of_vectors(self) -> bool:
        return bool(self._folder.task == model_folder.EMBEDDINGS)

    @property
    def _has_chat(self) -> bool:
        return self._engine is not None and bool(self._tokenizer.chat_template)

    async def _answer(self, path: str, request: Request) -> Answer:
        if path == _INFO:
            return _document(self._info())
        if path == _MODELS:
            model = {"id": self._folder.name, "object": "model", "created": 0, "owned_by": "smalt"}
            return _document({"object": "list", "data": [model]})
        if path in SCORE_PATHS:
            return await self._score(request)
        # Clients of OpenAI send what their version knows; those of the model inference API ask to be strict.
        is_strict = not request.path.startswith("/v1/")
        extra = request.headers.get(_EXTRA, "error" if is_strict else "drop").lower()
        if path == _EMBEDDINGS:
            return await self._embed(asking.embedding(request.body, extra))
        if path == _CHAT:
            return await self._chat(asking.chat(request.body, extra))
        if path == _TEXT:
            return await self._continue(asking.text(request.body, extra))
        raise _no_modality("The model reads no images. Ask one that does.")

    def _info(self) -> dict[str, Any]:
        kinds = {model_folder.EMBEDDINGS: "embeddings"}
        kind = kinds.get(self._folder.task, "chat_completion" if self._has_chat else "text_generation")
        return {"model_name": self._folder.name, "model_type": kind, "model_provider_name": "smalt"}

    async def _chat(self, asked: asking.Chat) -> Answer:
        tokens = self._chat_tokens(asked.messages, asked.tools)
        told = Chats(self._folder.name, asked.tools)
        return await self._generate([tokens], asked.wanted, told, streams=asked.streams, counts=asked.counts)

    async def _continue(self, asked: asking.Text) -> Answer:
        if self._engine is None:
            raise _no_modality("The model makes vectors. Ask /embeddings.")
        questions = [list(self._tokenizer(each)["input_ids"]) for each in asked.prompts]
        told = Texts(self._folder.name)
        return await self._generate(questions, asked.wanted, told, streams=asked.streams, counts=asked.counts)

    async def _embed(self, asked: asking.Embedding) -> Answer:
        if self._vectors is None:
            raise _no_modality("The model generates text. Ask /chat/completions or /completions.")
        vectors, count = await asyncio.get_running_loop().run_in_executor(None, self._embedded, asked.texts)
        data = [
            {"object": "embedding", "index": place, "embedding": encoded(vector, asked.encoding)}
            for place, vector in enumerate(vectors)
        ]
        used = {"prompt_tokens": count, "total_tokens": count}
        return _document({"id": "", "object": "list", "model": self._folder.name, "data": data, "usage": used}, count)

    def _embedded(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        assert self._vectors is not None
        with self._one_at_a_time:
            return self._vectors.of(texts)

    async def _score(self, request: Request) -> Answer:
        """The bodies that deployments of catalog models take at `/score`: `input_data` with `input_string`."""
        document = asking.document_of(request.body)
        given = document.get("input_data")
        if not isinstance(given, dict):
            return await self._chat(asking.chat(request.body, "drop"))
        asked, told = given.get("input_string"), given.get("parameters")
        options = {"max_tokens": (told or {}).get("max_new_tokens"), **(told if isinstance(told, dict) else {})}
        if options.get("do_sample") is False:
            options["temperature"] = 0
        if asked and isinstance(asked, list) and all(isinstance(each, dict) for each in asked):
            body = json.dumps({**options, "messages": asked}).encode()
            answer = json.loads((await self._chat(asking.chat(body, "drop"))).body)
            return _document({"output": answer["choices"][0]["message"]["content"]}, answer["usage"]["total_tokens"])
        body = json.dumps({**options, "prompt": asked}).encode()
        answer = json.loads((await self._continue(asking.text(body, "drop"))).body)
        texts = [{"0": each["text"]} for each in answer["choices"]]
        return _document(texts, answer["usage"]["total_tokens"])

    def _chat_tokens(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[int]:
        if not self._has_chat:
            raise _no_modality("The model has no chat template, so it reads no messages. Ask /completions.")
        try:
            text = self._tokenizer.apply_chat_template(
                list(messages), tools=list(tools) or None, add_generation_prompt=True, tokenize=False
            )
        except Exception as failure:  # of the template, which comes with the model
            message = f"The chat template of the model does not take these messages: {failure}."
            raise Refused(422, "invalid_messages", message, at="messages") from None
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    async def _generate(
        self, questions: Sequence[list[int]], wanted: Wanted, told: Chats | Texts, *, streams: bool, counts: bool
    ) -> Answer:
        assert self._engine is not None
        loop = asyncio.get_running_loop()
        news: asyncio.Queue[tuple[Answering, str | None]] = asyncio.Queue()
        answers: list[Answering] = []
        for tokens in questions:
            for _ in range(wanted.count):
                answers.append(_answering(tokens, wanted, len(answers), news, loop))
        try:
            for each in answers:
                self._engine.ask(each)
            if streams:
                return Answer(200, b"", [_EVENTS], _events(answers, news, told, counts=counts))
            async for _ in _ended(answers, news):
                pass
        except BaseException:
            # Whoever asked is gone or has waited too long: nothing more is written for them.
            _give_up(answers)
            raise
        return _document(told.whole(answers), usage(answers)["total_tokens"])


def _answering(
    tokens: list[int],
    wanted: Wanted,
    number: int,
    news: asyncio.Queue[tuple[Answering, str | None]],
    loop: asyncio.AbstractEventLoop,
) -> Answering:
    def tell(piece: str | None) -> None:
        loop.call_soon_threadsafe(news.put_nowait, (found, piece))

    found = Answering(tokens, wanted, number, tell)
    return found


async def _ended(
    answers: Sequence[Answering], news: asyncio.Queue[tuple[Answering, str | None]]
) -> AsyncIterator[tuple[Answering, str | None]]:
    """What is told, until all have ended.

    Raises:
        RuntimeError: One of them failed.
    """
    left = len(answers)
    while left:
        answering, piece = await news.get()
        if piece is None:
            left -= 1
            if answering.failure is not None:
                raise RuntimeError("The model failed while it wrote an answer.") from answering.failure
        yield answering, piece


async def _events(
    answers: Sequence[Answering],
    news: asyncio.Queue[tuple[Answering, str | None]],
    told: Chats | Texts,
    *,
    counts: bool,
) -> AsyncIterator[bytes]:
    try:
        for each in answers:
            first = told.first(each.number)
            if first:
                yield first
        async for answering, piece in _ended(answers, news):
            if piece is None:
                for event in told.last(answering):
                    yield event
            elif not told.is_held_back:
                yield told.piece(answering.number, piece)
        if counts:
            yield told.counted(answers)
        yield DONE
        # For the gateway, which counts; clients pass over comments.
        yield b": smalt-tokens %d\n\n" % usage(answers)["total_tokens"]
    finally:
        _give_up(answers)


def _give_up(answers: Sequence[Answering]) -> None:
    for each in answers:
        each.is_given_up = True


def _no_modality(message: str) -> Refused:
    return Refused(404, "modality_not_supported", message)


def _document(document: Any, tokens: int | None = None) -> Answer:
    headers = [_JSON] if tokens is None else [_JSON, ("x-smalt-tokens", str(tokens))]
    return Answer(200, json.dumps(document, ensure_ascii=False).encode(), headers)
