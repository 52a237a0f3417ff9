"""`smalt flow test` in its two forms: once, and as a chat in the terminal."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalt.cli import console, output
from smalt.errors import InvalidRequest

if TYPE_CHECKING:
    from smalt.flows.running.flow import Flow

_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")

Values = Mapping[str, Any]  # Any: values of flows


def try_once(
    source: str,
    inputs: Values,
    *,
    node: str | None,
    variant: str | None,
    variables: Mapping[str, str],
    init: Values,
    collection: str | None,
    detail: str | None,
) -> int:
    """Run one line or one node, print its output, and leave the files of the trial behind."""
    from smalt.flows import trial
    from smalt.flows.batch.logs import captured

    loaded = _load(source, variant=variant, variables=variables, init=init, collection=collection, node=node)
    with _recorded() as log, captured():
        tried = trial.try_node(loaded, node, inputs) if node else trial.try_flow(loaded, inputs)
    prefix = f"flow-{node}.node" if node else f"flow-{variant.strip('${}')}" if variant else "flow"
    place = _place(loaded, prefix)
    if place is not None:
        trial.write_files(tried, place, prefix=prefix, log=log.getvalue(), detail=Path(detail) if detail else None)
    loaded.close()
    if tried.error is not None:
        where = f" in node {tried.error.node!r}" if tried.error.node else ""
        if tried.error.cause:
            click.echo(tried.error.cause.rstrip(), err=True)
        click.echo(f"{console.red('ERROR:')} {tried.error.type}{where}: {tried.error.message}", err=True)
        return 1
    _show(tried.output if node else trial.answer(loaded, tried.output))
    if tried.metrics:
        click.echo(f"metrics: {output.render(_plain(dict(tried.metrics)), form='json')}")
    return 0


def chat(
    source: str,
    inputs: Values,
    *,
    node: str | None,
    variant: str | None,
    variables: Mapping[str, str],
    init: Values,
    collection: str | None,
    detail: str | None,
) -> int:
    """Talk with a chat flow until the input ends; answers appear while they are made. `![](file)` sends an image."""
    import asyncio

    from smalt.flows import trial
    from smalt.kit import ids

    os.environ.setdefault("PF_TRACE_SESSION_ID", ids.guid())  # its turns are one conversation
    if node is not None:
        raise click.UsageError("Give --node or --interactive, not both: one node is no chat.")
    loaded = _load(source, variant=variant, variables=variables, init=init, collection=collection)
    if not loaded.is_chat:
        raise InvalidRequest(
            f"{source} is no chat flow. It needs one input with is_chat_input, a chat history and one output with "
            "is_chat_output."
        )
    assert loaded.chat_input is not None
    assert loaded.chat_history is not None
    click.echo(f"Chatting with {loaded.name}. Ctrl+D ends it.", err=True)
    history: list[Any] = []  # Any: turns in the form of the flow
    with asyncio.Runner() as loop:
        while True:
            said = _asked()
            if said is None:
                break
            if not said.strip():
                continue
            turn = _with_images(said, is_vision=getattr(getattr(loaded, "images", None), "is_vision", False))
            given = dict(inputs) | {loaded.chat_input: turn, loaded.chat_history: list(history)}
            tried = loop.run(_turn(loaded, given))
            if tried.error is not None:
                click.echo(f"{console.red('ERROR:')} {tried.error.type}: {tried.error.message}", err=True)
                continue
            place = _place(loaded, "chat")
            if place is not None:
                trial.write_files(tried, place, prefix="chat")
            history.extend(_turns(loaded, turn, tried.output))
    loaded.close()
    return 0


async def _turn(loaded: Flow, given: Values) -> Any:  # Any: a Trial, imported where it is used
    from smalt.flows.trial import Trial

    result = await loaded.run_line(given, allow_stream=True)
    if result.error is None:
        name = loaded.chat_output or next(iter(result.output), "")
        result.output[name] = await _said(result.output.get(name))
    return Trial(result.output, result.error, {}, result, list(result.nodes.values()))


async def _said(answer: Any) -> Any:  # Any: as the flow answered
    """Print an answer, piece by piece where it comes so; the whole of it."""
    import asyncio

    if isinstance(answer, AsyncIterator):
        pieces = [_print_piece(piece) async for piece in answer]
    elif isinstance(answer, Iterator):
        pieces = []
        while True:
            piece = await asyncio.to_thread(next, answer, None)
            if piece is None:
                break
            pieces.append(_print_piece(piece))
    else:
        click.echo(answer if isinstance(answer, str) else output.render(_plain(answer), form="json"))
        return answer
    click.echo()
    return "".join(pieces)


def _print_piece(piece: object) -> str:
    click.echo(str(piece), nl=False)
    sys.stdout.flush()
    return str(piece)


def _asked() -> str | None:
    if sys.stdin.isatty():
        try:
            return str(click.prompt("you", prompt_suffix="> ", default="", show_default=False))
        except click.Abort:
            click.echo()
            return None
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _with_images(said: str, *, is_vision: bool) -> Any:  # Any: text, or a list of text and images
    """Text in which `![](place)` is an image becomes a list, in the form of the flow's messages."""
    parts = _PICTURE.split(said)
    if len(parts) == 1:
        return said
    found: list[Any] = []  # Any: text and images
    for index, part in enumerate(parts):
        if index % 2 == 0:
            if part.strip():
                found.append({"type": "text", "text": part.strip()} if is_vision else part.strip())
        else:
            found.append(_image(part, is_vision=is_vision))
    return found


def _image(place: str, *, is_vision: bool) -> dict[str, Any]:  # Any: JSON
    is_url = place.startswith(("http://", "https://"))
    where = place if is_url else str(Path(place).expanduser().absolute())
    if is_vision and is_url:
        return {"type": "image_url", "image_url": {"url": where}}
    if is_vision:
        return {"type": "image_file", "image_file": {"path": where}}
    suffix = Path(place).suffix.lstrip(".").lower() or "*"
    kind = {"jpg": "jpeg"}.get(suffix, suffix)
    return {f"data:image/{kind};{'url' if is_url else 'path'}": where}


def _turns(loaded: Flow, said: object, answered: Mapping[str, Any]) -> list[dict[str, Any]]:  # Any: values of flows
    plain = _plain(dict(answered))
    if loaded.kind == "dag":
        return [{"inputs": {loaded.chat_input: said}, "outputs": plain}]
    text = plain.get(loaded.chat_output or "output", next(iter(plain.values()), ""))
    return [{"role": "user", "content": said}, {"role": "assistant", "content": text}]


def _load(
    source: str,
    *,
    variant: str | None,
    variables: Mapping[str, str],
    init: Values,
    collection: str | None,
    node: str | None = None,
) -> Flow:
    from smalt.cli.workspace_of_flows import connections, flow_at
    from smalt.flows import load

    if collection is not None:
        os.environ["PF_TRACE_COLLECTION"] = collection
    return load(
        flow_at(source),
        variant=variant,
        connections=connections(),
        init=init or None,
        environment_variables=variables or None,
        only_node=node,
    )


def _place(loaded: Flow, prefix: str) -> Path | None:
    """The folder under whose `.promptflow` the files of a trial go."""
    if loaded.source is None:
        return None
    return loaded.source.parent


@contextmanager
def _recorded() -> Iterator[io.StringIO]:
    """What the flow prints and logs is shown on the standard error stream, and kept."""
    log = io.StringIO()

    class Both(io.TextIOBase):
        def write(self, text: str) -> int:
            log.write(text)
            sys.stderr.write(text)
            return len(text)

    handler = logging.StreamHandler(log)
    kept, sys.stdout = sys.stdout, Both()
    logging.getLogger().addHandler(handler)
    try:
        yield log
    finally:
        sys.stdout = kept
        logging.getLogger().removeHandler(handler)


def _show(answer: Any) -> None:  # Any: as the flow answered
    plain = _plain(answer)
    click.echo(plain if isinstance(plain, str) else output.render(plain, form="json"))


def _plain(answer: Any) -> Any:  # Any: as the flow answered
    from smalt.flows.values.plain import plain

    return plain(answer)
