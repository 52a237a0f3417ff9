"""One kernel: an ordinary ipykernel, reached over sockets that are files and belong to us alone."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

_READY_SECONDS = 120
_ASKED_SECONDS = 8
_NOT_OURS = ("MLFLOW_RUN_ID", "AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID", "SMALT_NOTEBOOK", "SMALT_NOTEBOOK_FILES")
_LOOK_SECONDS = 1.0
# Names are completed from what is in memory; the other way loads for seconds before it answers for the first time.
_QUICK = "--IPCompleter.use_jedi=False"


class Kernel:
    """Runs code, one piece after another.

    Args:
        folder: Where the code runs.
        hear: Called with the id of the request, the type and the content of each message on the way.
        died: Called when the kernel has died by itself; it may start it anew.
        keeps_run: Whether the run of the job is the run that code logs into; else each `start_run` makes its own.
    """

    def __init__(
        self,
        folder: str,
        hear: Callable[[str, str, Mapping[str, Any]], None],
        died: Callable[[], Awaitable[None]],
        *,
        keeps_run: bool,
    ) -> None:
        from jupyter_client.manager import AsyncKernelManager

        self._folder = folder
        self._hear = hear
        self._died = died
        self._place = tempfile.mkdtemp(prefix="smalt-kernel-")
        self._manager = AsyncKernelManager(kernel_name="python3")
        self._manager.transport = "ipc"
        self._manager.ip = os.path.join(self._place, "k")
        self._manager.connection_file = os.path.join(self._place, "connection.json")
        self._environment = {
            name: value for name, value in os.environ.items() if keeps_run or name not in _NOT_OURS
        } | {"JPY_PARENT_PID": str(os.getpid())}
        self._client: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._restarting = asyncio.Lock()
        self._is_expected_to_end = False

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        await self._manager.start_kernel(cwd=self._folder, env=self._environment, extra_arguments=[_QUICK])
        await self._connect()
        self._tasks.append(asyncio.ensure_future(self._look_after()))

    async def stop(self) -> None:
        """End it, with whatever it does."""
        self._is_expected_to_end = True
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            self._disconnect()
        await self._manager.shutdown_kernel(now=True)
        shutil.rmtree(self._place, ignore_errors=True)

    async def restart(self) -> None:
        """End it and start it anew; everything in its memory is gone."""
        async with self._restarting:
            self._is_expected_to_end = True
            self._disconnect()
            await self._manager.restart_kernel(now=True)
            await self._connect()
            self._is_expected_to_end = False

    async def interrupt(self) -> None:
        """Interrupt what runs."""
        await self._manager.interrupt_kernel()

    def execute(self, code: str, **options: Any) -> str:
        """Have code run; the id of the request."""
        return str(self._client.execute(code, **options))

    def answer(self, text: str) -> None:
        """Give what `input()` asks for."""
        self._client.input(text)

    async def complete(self, code: str, at: int) -> Mapping[str, Any]:
        """What may stand at a position; nothing while the kernel is busy."""
        return await self._asked(self._client.complete(code, at))

    async def inspect(self, code: str, at: int) -> Mapping[str, Any]:
        """What is known of the word at a position."""
        return await self._asked(self._client.inspect(code, at))

    async def evaluate(self, expression: str) -> str | None:
        """A text that an expression gives, without a trace in the history; None while the kernel is busy."""
        options = {"silent": True, "store_history": False, "user_expressions": {"asked": expression}}
        answer = await self._asked(self._client.execute("", **options))
        found = (answer.get("user_expressions") or {}).get("asked") or {}
        return (found.get("data") or {}).get("text/plain")

    async def _asked(self, request: str) -> Mapping[str, Any]:
        waiting = self._waiting[request] = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(waiting, _ASKED_SECONDS)
        except TimeoutError:
            return {}
        finally:
            self._waiting.pop(request, None)

    async def _connect(self) -> None:
        self._client = self._manager.client()
        self._client.start_channels()
        await self._client.wait_for_ready(timeout=_READY_SECONDS)
        readers = (self._client.get_iopub_msg, self._client.get_shell_msg, self._client.get_stdin_msg)
        self._readers = [asyncio.ensure_future(self._read(reader)) for reader in readers]

    def _disconnect(self) -> None:
        for reader in self._readers:
            reader.cancel()
        self._client.stop_channels()

    async def _read(self, reader: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        while True:
            try:
                message = await reader()
            except asyncio.CancelledError:
                raise
            except Exception as failure:
                # The rim: one message that cannot be read must not end the session.
                print(f"A message of the kernel could not be read: {failure!r}", file=sys.stderr, flush=True)
                continue
            request = message["parent_header"].get("msg_id", "")
            waiting = self._waiting.get(request)
            if waiting is not None:
                if message["header"]["msg_type"].endswith("_reply") and not waiting.done():
                    waiting.set_result(message["content"])
                continue
            self._hear(request, message["header"]["msg_type"], message["content"])

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._is_expected_to_end and not await self._manager.is_alive():
                await self._died()
