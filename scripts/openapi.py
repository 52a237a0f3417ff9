"""Prints the description of the server's API, as /openapi.json answers it, without a server that listens."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from smalt.server.http.openapi import describe
from smalt.server.main import VERSION, build
from smalt.server.settings import Settings


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = build(Settings(home=Path(folder)))
        try:
            sys.stdout.buffer.write(msgspec.json.encode(describe(server.app.routes, version=VERSION)))
        finally:
            server.close()


if __name__ == "__main__":
    main()
