"""What Alembic runs: the connection comes from `smalt.server.database.migrate`."""

from __future__ import annotations

from alembic import context

from smalt.server.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
