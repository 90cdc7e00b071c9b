"""What a database is for: sandbox or real, one partition, one journal key. Fixed when it is made (DESIGN 8.9)."""

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from iamflow.domain.clock import Clock
from iamflow.domain.errors import SchemaError
from iamflow.domain.journal import genesis
from iamflow.store.database import Database
from iamflow.store.schema import BINDING


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """What this process takes the database for. ``partition`` is AWS's: ``aws``, ``aws-cn``, ``aws-us-gov``."""

    sandbox: bool
    partition: str = "aws"


def create(url: str, wanted: Binding, *, key: bytes, clock: Clock) -> None:
    """Bind a new database. One that is bound already must be bound to just this, else ``SchemaError``."""
    database = Database(url)
    try:
        with database.writing() as connection:
            if connection.execute(select(BINDING.c.id)).first() is None:
                values = {
                    "id": 1,
                    "sandbox": wanted.sandbox,
                    "partition": wanted.partition,
                    "created_at": clock.now(),
                    "key_fingerprint": fingerprint(key),
                }
                connection.execute(insert(BINDING).values(values))
            require(connection, database.name, key=key, wanted=wanted)
    finally:
        database.close()


def check(url: str, wanted: Binding, *, key: bytes) -> None:
    """Raise ``SchemaError`` with a sentence unless the database is bound to just this."""
    database = Database(url)
    try:
        with database.reading() as connection:
            require(connection, database.name, key=key, wanted=wanted)
    finally:
        database.close()


def require(connection: Connection, name: str, *, key: bytes, wanted: Binding | None) -> None:
    """Raise ``SchemaError`` where the database is bound to another key, or to something else than is wanted."""
    row = connection.execute(select(BINDING)).first()
    if row is None:
        message = f"{name} has no binding yet: run: iamflow db upgrade"
        raise SchemaError(message)
    if row.key_fingerprint != fingerprint(key):
        message = f"the journal of {name} was begun with another key: restore the key that journal.key named then"
        raise SchemaError(message)
    if wanted is None:
        return
    if row.sandbox is not wanted.sandbox:
        kinds = {True: "the sandbox", False: "real AWS accounts"}
        message = f"{name} belongs to {kinds[row.sandbox]} and cannot be used for {kinds[wanted.sandbox]}: name another"
        raise SchemaError(message)
    if row.partition != wanted.partition:
        message = (
            f"{name} belongs to the partition {row.partition} and cannot be used for {wanted.partition}: name another"
        )
        raise SchemaError(message)


def fingerprint(key: bytes) -> str:
    """Return what tells one journal key from another without giving it away."""
    return genesis(key, "fingerprint of the journal key")
