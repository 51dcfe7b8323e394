"""What Alembic runs: every room's tables against the connection that `upgrade` hands over."""

from alembic import context

from api.migrations.tables import all_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    compare_type=True,
    render_as_batch=True,
    user_module_prefix="core.database.",
)
with context.begin_transaction():
    context.run_migrations()
