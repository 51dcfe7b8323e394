"""Cases near a place are found by their kind and place at once."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_incidents_kind_lat_deg", "incidents", ["kind", "lat_deg"])
    op.drop_index("ix_incidents_lat_deg", table_name="incidents")


def downgrade() -> None:
    op.create_index("ix_incidents_lat_deg", "incidents", ["lat_deg"])
    op.drop_index("ix_incidents_kind_lat_deg", table_name="incidents")
