"""Upload and download of one gigabyte through the SDK: rate, and the server's memory while it happens."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from _server import ENVIRONMENT, server
from idle import resident_megabytes

MEGABYTES = 1024
PROGRAM = """
import sys, resource, time
from smalt import MLClient
from smalt.entities import Data
client = MLClient()
begin = time.monotonic()
data = client.data.create_or_update(Data(name="big", path=sys.argv[1], type="uri_file"))
took = time.monotonic() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{took:.1f} {peak:.0f}")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, server() as here:
        big = Path(folder) / "big.bin"
        with big.open("wb") as file:
            for _ in range(MEGABYTES):
                file.write(os.urandom(1024 * 1024))
        pid = str(here.state["pid"])
        peak, over = 0.0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not over.wait(0.05):
                peak = max(peak, resident_megabytes(pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        environment = {**ENVIRONMENT, "SMALT_HOME": str(here.home)}
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(big)], capture_output=True, text=True, env=environment, check=True
        )
        over.set()
        watcher.join()
        seconds, client_peak = done.stdout.split()
        print(
            f"upload of {MEGABYTES} MB: {float(seconds):.1f} s, {MEGABYTES / float(seconds):.0f} MB/s; "
            f"peak memory: server {peak:.0f} MB, client {client_peak} MB ({time.monotonic() - begin:.0f} s in all)"
        )


if __name__ == "__main__":
    main()
