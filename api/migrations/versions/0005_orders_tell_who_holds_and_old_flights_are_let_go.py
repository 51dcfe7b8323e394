"""Orders tell who holds their vehicle; old flights are let go."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = {"dispatcher": "makes way for %", "separation": "keeps clear of %"}
"""Until now who holds a vehicle stood in the reason alone."""
_LOOKED_FOR = (
    ("orders", "is_ended", "changed_at"),
    ("orders", "zones_hash"),
    ("commands", "changed_at"),
    ("reports", "at"),
    ("sightings", "order_id"),
    ("incidents", "verifying_order_id"),
)


def upgrade() -> None:
    for table in ("orders", "order_progress"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("held_by", sa.String(length=20), server_default="nobody", nullable=False))
    rows = sa.table("orders", sa.column("state"), sa.column("because"), sa.column("held_by"))
    held = sa.update(rows).where(rows.c.state == "held")
    op.execute(held.values(held_by="itself"))
    for holder, words in _WORDS.items():
        op.execute(held.where(rows.c.because.like(words)).values(held_by=holder))
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("because_by_person", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table, *columns in _LOOKED_FOR:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    op.create_table(
        "reports_let_go",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("copies", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports_let_go"),
    )


def downgrade() -> None:
    op.drop_table("reports_let_go")
    for table, *columns in _LOOKED_FOR:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table_name=table)
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_column("because_by_person")
    for table in ("orders", "order_progress"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("held_by")
