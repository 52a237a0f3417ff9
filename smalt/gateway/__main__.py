"""`python -m smalt.gateway --home HOME --port PORT`: the data plane as a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from smalt.errors import SmaltError
from smalt.gateway.serve import Options, configure_logging, run


def main() -> int:
    """Run a gateway; the exit code."""
    parser = argparse.ArgumentParser(prog="smalt.gateway", description="Endpoint traffic in, deployments out.")
    parser.add_argument("--home", type=Path, required=True, help="Folder of the server.")
    parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
    parser.add_argument("--port", type=int, default=8789, help="Port to listen on; 0 for any.")
    parser.add_argument("--max-body-mb", type=float, default=100, help="Largest body, where an endpoint has no limit.")
    parser.add_argument("--otlp-url", default=os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), metavar="URL",
                        help="Send spans there by OTLP/HTTP, as JSON.")  # fmt: skip
    parser.add_argument("--certificate", type=Path, help="Serve HTTPS with this chain.")
    parser.add_argument("--key", type=Path, help="The key of the certificate.")
    found = parser.parse_args()
    configure_logging()
    try:
        run(
            Options(
                home=found.home.expanduser().absolute(),
                host=found.host,
                port=found.port,
                max_body_bytes=int(found.max_body_mb * (1 << 20)),
                otlp_url=found.otlp_url,
                certificate=found.certificate,
                key=found.key,
            )
        )
    except SmaltError as failure:
        print(failure.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
