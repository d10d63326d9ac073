"""Run by alembic: takes the steps on the connection that the store has opened and locked."""

from __future__ import annotations

from alembic import context

from cds_service.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
)
context.run_migrations()
