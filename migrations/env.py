"""Runs migrations on the connection that ``iamflow.store.migrate`` hands over, or on ``-x url=…`` when run by hand."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from iamflow.store.schema import METADATA


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    _run(given)
else:
    engine = create_engine(context.get_x_argument(as_dictionary=True)["url"])
    with engine.begin() as own:
        _run(own)
