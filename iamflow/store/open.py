"""Opens the store."""

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from iamflow.domain.clock import Clock
from iamflow.domain.errors import SchemaError
from iamflow.store.binding import Binding, require
from iamflow.store.commit import CommitPart
from iamflow.store.control import ControlPart
from iamflow.store.database import Database
from iamflow.store.exemptions import ExemptionPart
from iamflow.store.hub import HubPart
from iamflow.store.intake import IntakePart
from iamflow.store.journal import JournalPart
from iamflow.store.leads import LeadPart
from iamflow.store.outbox import OutboxPart
from iamflow.store.pace import PacePart
from iamflow.store.queries import QueryPart
from iamflow.store.retention import RetentionPart
from iamflow.store.scans import ScanPart
from iamflow.store.schema import REVISION
from iamflow.store.tickets import TicketPart


class SqlStore(
    TicketPart,
    CommitPart,
    PacePart,
    ControlPart,
    ExemptionPart,
    OutboxPart,
    ScanPart,
    IntakePart,
    LeadPart,
    QueryPart,
    JournalPart,
    RetentionPart,
    HubPart,
):
    """Every port of the store (``iamflow.engine.ports.Store``). Threads may share it."""

    def close(self) -> None:
        """Close every connection."""
        self.database.close()


def open_store(
    url: str,
    *,
    key: bytes,
    writer: str,
    channels: tuple[str, ...],
    clock: Clock,
    binding: Binding | None = None,
) -> SqlStore:
    """Open a database whose schema is up to date.

    ``key`` is the journal's, ``writer`` the name of this process in it, ``channels`` those through which each notice goes.
    Raises ``SchemaError`` when the database is missing, old, newer than this program, written with another key, or bound
    to something else than ``binding``; ``TemporaryError`` when it cannot be reached; ``ConfigError`` for an unusable URL.
    """
    database = Database(url)
    try:
        with database.reading() as connection:
            _require_schema(connection, database.name)
            require(connection, database.name, key=key, wanted=binding)
    except BaseException:
        database.close()
        raise
    return SqlStore(database=database, key=key, writer=writer, channels=channels, clock=clock)


def _require_schema(connection: Connection, name: str) -> None:
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found == REVISION:
        return
    if found is None:
        message = f"{name} holds no iamflow tables: run: iamflow db upgrade"
    elif found > REVISION:
        message = (
            f"{name} is newer ({found}) than this iamflow ({REVISION}): use the version that made it, or a later one"
        )
    else:
        message = f"the schema of {name} is {found} and has to be {REVISION}: run: iamflow db upgrade"
    raise SchemaError(message)
