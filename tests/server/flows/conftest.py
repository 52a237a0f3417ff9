"""A whole server."""

from __future__ import annotations

from tests.server.serving.conftest import environments, place  # noqa: F401  (fixtures of these tests)
