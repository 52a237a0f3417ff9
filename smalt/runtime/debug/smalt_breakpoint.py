"""`breakpoint()` in a process without a terminal: waits for somebody at a port of this machine, and debugs there.

`debugpy` is used where the environment has it, so that an editor can attach; else the debugger of Python itself answers
to `nc 127.0.0.1 PORT`. Nothing of smalt is imported.
"""

from __future__ import annotations

import os
import pdb
import socket
import sys

_PORT = "SMALT_DEBUG_PORT"
_DEFAULT_PORT = 5678


def stop() -> None:
    """What `breakpoint()` calls."""
    port = int(os.environ.get(_PORT, _DEFAULT_PORT))
    frame = sys._getframe(1)
    try:
        import debugpy  # type: ignore[import-not-found,unused-ignore]  # of the user's environment
    except ImportError:
        _Remote(port).set_trace(frame)
        return
    if not debugpy.is_client_connected():
        debugpy.listen(("127.0.0.1", port))
        _tell(f"waits for an editor at 127.0.0.1:{port}")
        debugpy.wait_for_client()
    debugpy.breakpoint()


class _Remote(pdb.Pdb):
    """The debugger of Python, over a connection."""

    def __init__(self, port: int) -> None:
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(1)
            _tell(f"waits at 127.0.0.1:{listening.getsockname()[1]}; debug with: nc 127.0.0.1 {port}")
            self._connection, _ = listening.accept()
        # Two streams: what is written would make one of both forget what it has read ahead.
        super().__init__(stdin=self._connection.makefile("r"), stdout=self._connection.makefile("w"))
        self.prompt = "(Pdb) "

    def do_continue(self, arg: str) -> bool | None:
        """Go on, and hang up."""
        found = super().do_continue(arg)
        self._hang_up()
        return found

    do_c = do_cont = do_continue

    def do_quit(self, arg: str) -> bool | None:
        """Hang up and go on: the process serves others as well."""
        return self.do_continue(arg)

    do_q = do_exit = do_quit

    def _hang_up(self) -> None:
        self.stdout.flush()
        self._connection.shutdown(socket.SHUT_RDWR)


def _tell(what: str) -> None:
    print(f"breakpoint() {what}", file=sys.stderr, flush=True)
