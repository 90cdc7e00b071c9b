"""The kill switch, the enforced accounts, the daemons (``ControlStore``)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from iamflow.domain.errors import SchemaError
from iamflow.domain.guards import Freeze
from iamflow.domain.ids import AccountId
from iamflow.engine.ports import Instance
from iamflow.store.chain import Ledger
from iamflow.store.part import Part, insert
from iamflow.store.schema import ACCOUNTS, FREEZE, INSTANCES, SCHEDULED_RUNS, TICKETS
from iamflow.store.tickets import UNREADABLE
from iamflow.store.types import utc_text


class ControlPart(Part):
    """All of ``ControlStore``."""

    def freeze(self) -> Freeze:
        """Return whether everything is frozen; see ``ControlStore.freeze``."""
        with self.database.reading() as connection:
            row = connection.execute(select(FREEZE.c.is_on, FREEZE.c.reason)).first()
        return Freeze(on=row.is_on, reason=row.reason) if row is not None else UNREADABLE

    def set_freeze(self, *, on: bool, reason: str | None, by: str, at: datetime) -> None:
        """Throw or release the kill switch; who, when and why goes into the chain of checkpoints."""
        values = {"is_on": on, "reason": reason if on else None, "set_by": by, "set_at": at}
        with self.database.writing() as connection:
            changed: CursorResult[Any] = connection.execute(update(FREEZE).values(values))
            if not changed.rowcount:
                message = "the row of the kill switch is missing from the database: restore it from a backup"
                raise SchemaError(message)
            ledger = Ledger(part=self, at=at)
            ledger.note({"freeze": on, "reason": reason, "by": by, "at": utc_text(at)})
            ledger.flush(connection)

    def note_enforcement(self, accounts: Mapping[AccountId, bool], at: datetime) -> Sequence[AccountId]:
        """Record where iamflow may act from now on; see ``ControlStore.note_enforcement``."""
        a, t = ACCOUNTS.c, TICKETS.c
        with self.database.writing() as connection:
            known = connection.execute(select(a.id, a.enforced_since).where(a.id.in_(sorted(accounts)))).all()
            begun = [row.id for row in known if accounts[row.id] and row.enforced_since is None]
            ended = [row.id for row in known if not accounts[row.id] and row.enforced_since is not None]
            if begun:
                connection.execute(update(ACCOUNTS).where(a.id.in_(begun)).values(enforced_since=at))
                waiting = (t.account_id.in_(begun), t.closed_at.is_(None), or_(t.due_at.is_(None), t.due_at > at))
                connection.execute(update(TICKETS).where(*waiting).values(due_at=at))
            if ended:
                connection.execute(update(ACCOUNTS).where(a.id.in_(ended)).values(enforced_since=None))
        return [AccountId(account) for account in sorted([*begun, *ended])]

    def accounts(self) -> Mapping[AccountId, str]:
        """Return the accounts that have open tickets, with their names."""
        a, t = ACCOUNTS.c, TICKETS.c
        has_open = select(t.id).where(t.account_id == a.id, t.closed_at.is_(None)).exists()
        with self.database.reading() as connection:
            found = connection.execute(select(a.id, a.name).where(has_open).order_by(a.id))
            return {AccountId(row.id): row.name for row in found}

    def beat(self, instance: str, *, host: str, pid: int, at: datetime, stopped: bool = False) -> None:
        """Record that this daemon is alive, or that it has stopped."""
        stopped_at = at if stopped else None
        with self.database.writing() as connection:
            first = insert(connection, INSTANCES).values(
                id=instance, host=host, pid=pid, started_at=at, beat_at=at, stopped_at=stopped_at
            )
            again = first.on_conflict_do_update(
                index_elements=[INSTANCES.c.id], set_={"beat_at": at, "stopped_at": stopped_at}
            )
            connection.execute(again)

    def instances(self) -> Sequence[Instance]:
        """Return the daemons that have ever reported, newest heartbeat first."""
        query = select(INSTANCES).order_by(INSTANCES.c.beat_at.desc(), INSTANCES.c.id)
        with self.database.reading() as connection:
            return [
                Instance(
                    id=row.id,
                    host=row.host,
                    pid=row.pid,
                    started_at=row.started_at,
                    beat_at=row.beat_at,
                    stopped_at=row.stopped_at,
                )
                for row in connection.execute(query)
            ]

    def claim_run(self, job: str, slot: str, instance: str, at: datetime) -> bool:
        """Return whether this instance is the one to run the job in this slot (unique)."""
        with self.database.writing() as connection:
            mine = insert(connection, SCHEDULED_RUNS).values(job=job, slot=slot, instance=instance, at=at)
            claimed = connection.execute(mine.on_conflict_do_nothing().returning(SCHEDULED_RUNS.c.job))
            return claimed.first() is not None
