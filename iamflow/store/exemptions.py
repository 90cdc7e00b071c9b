"""Standing exemptions (``ExemptionStore``). Who granted and who ended one stands in the chain of checkpoints."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.engine import Connection

from iamflow.domain.errors import NotFoundError, RefusedError
from iamflow.domain.exemption import Covered, Exemption, NewExemption
from iamflow.domain.ids import AccountId, ExemptionId, KeyId, TicketId
from iamflow.domain.overrides import account_fits
from iamflow.domain.people import Identity
from iamflow.domain.states import State
from iamflow.store import documents
from iamflow.store.chain import Ledger
from iamflow.store.part import Part, among
from iamflow.store.rows import AnyRow
from iamflow.store.schema import ACCOUNTS, STANDING_EXEMPTIONS, TICKETS
from iamflow.store.types import clean, utc_text

_X = STANDING_EXEMPTIONS.c
_BEFORE_A_STEP = (State.OPEN.value, State.NOTIFIED.value, State.AWAITING_APPROVAL.value)


class ExemptionPart(Part):
    """All of ``ExemptionStore``."""

    def add_exemption(self, new: NewExemption) -> Exemption:
        """Grant one; see ``ExemptionStore.add_exemption``."""
        values = _values(new)
        with self.database.writing() as connection:
            made = connection.execute(insert(STANDING_EXEMPTIONS).values(values).returning(_X.id)).scalar_one()
            ledger = Ledger(part=self, at=new.at)
            ledger.note(granted(made, values))
            ledger.flush(connection)
            _make_due(connection, new.covers, new.at)
        return Exemption(
            id=ExemptionId(made), covers=new.covers, until=new.until, reason=new.reason, by=new.by, at=new.at
        )

    def end_exemption(self, exemption_id: ExemptionId, *, by: Identity, at: datetime) -> Exemption:
        """End one; see ``ExemptionStore.end_exemption``."""
        with self.database.writing() as connection:
            row = connection.execute(select(STANDING_EXEMPTIONS).where(_X.id == exemption_id)).first()
            if row is None:
                message = f"there is no exemption {exemption_id} (iamflow exemption list --all)"
                raise NotFoundError(message)
            found = _exemption(row)
            if not found.runs(at):
                message = f"exemption {exemption_id} is over already"
                raise RefusedError(message)
            ended_by = documents.IDENTITY.write(by)
            connection.execute(
                update(STANDING_EXEMPTIONS).where(_X.id == exemption_id).values(ended_at=at, ended_by=ended_by)
            )
            ledger = Ledger(part=self, at=at)
            ledger.note(ended(exemption_id, ended_by, at))
            ledger.flush(connection)
            _reopen(connection, exemption_id, at)
            row = connection.execute(select(STANDING_EXEMPTIONS).where(_X.id == exemption_id)).one()
            return _exemption(row)

    def exemptions(self, *, running_at: datetime | None = None) -> Sequence[Exemption]:
        """Return exemptions by number: those that run at a time, or all."""
        query = select(STANDING_EXEMPTIONS).order_by(_X.id)
        if running_at is not None:
            query = query.where(_X.ended_at.is_(None), _X.until > running_at)
        with self.database.reading() as connection:
            return [_exemption(row) for row in connection.execute(query)]


def granted(exemption_id: int, values: Mapping[str, object]) -> Mapping[str, object]:
    """Return what stands in the journal of an exemption that was granted, from the values of its row."""
    told = {name: utc_text(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return {"exemption": exemption_id, "granted": told}


def ended(exemption_id: int, by: str, at: datetime | str) -> Mapping[str, object]:
    """Return what stands in the journal of an exemption that a person ended."""
    return {"exemption": exemption_id, "ended": {"by": by, "at": at if isinstance(at, str) else utc_text(at)}}


GRANTED = (
    "account", "username", "access_key_id", "tag_name", "tag_pattern", "workflow", "until", "reason", "added_by", "added_at",
)  # fmt: skip
"""The columns that granting fills, and that nothing changes afterwards."""


def _values(new: NewExemption) -> dict[str, object]:
    covers = new.covers
    values = (
        _clean(covers.account),
        _clean(covers.username),
        covers.key_id,
        _clean(covers.tag[0]) if covers.tag is not None else None,
        _clean(covers.tag[1]) if covers.tag is not None else None,
        covers.workflow,
        new.until,
        clean(new.reason),
        documents.IDENTITY.write(new.by),
        new.at,
    )
    return dict(zip(GRANTED, values, strict=True))


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _exemption(row: AnyRow) -> Exemption:
    where = f"exemption {row.id}"
    return Exemption(
        id=ExemptionId(row.id),
        covers=Covered(
            account=row.account,
            username=row.username,
            key_id=KeyId(row.access_key_id) if row.access_key_id is not None else None,
            tag=(row.tag_name, row.tag_pattern) if row.tag_name is not None else None,
            workflow=row.workflow,
        ),
        until=row.until,
        reason=row.reason,
        by=documents.IDENTITY.read(row.added_by, where),
        at=row.added_at,
        ended_at=row.ended_at,
        ended_by=documents.IDENTITY.read_optional(row.ended_by, where),
    )


def _make_due(connection: Connection, covers: Covered, at: datetime) -> None:
    """Let the tickets that it may cover be looked at now. By tag alone that is not known; their next look will tell."""
    t = TICKETS.c
    which: list[ColumnElement[bool]] = []
    if covers.account is not None:
        found = connection.execute(select(ACCOUNTS.c.id, ACCOUNTS.c.name)).all()
        ids = [row.id for row in found if account_fits((covers.account,), AccountId(row.id), row.name)]
        which.append(among(connection, t.account_id, ids))
    if covers.username is not None:
        which.append(t.username == covers.username)
    if covers.key_id is not None:
        which.append(t.access_key_id == covers.key_id)
    if which:
        waiting = (t.closed_at.is_(None), t.state.in_(_BEFORE_A_STEP), t.due_at > at)
        connection.execute(update(TICKETS).where(*which, *waiting).values(due_at=at))


def _reopen(connection: Connection, exemption_id: ExemptionId, at: datetime) -> None:
    """Let the tickets that it holds be looked at now."""
    t = TICKETS.c
    query = select(t.id, t.progress).where(t.state == State.EXEMPT.value, t.closed_at.is_(None))
    held = [
        TicketId(row.id)
        for row in connection.execute(query)
        if documents.PROGRESS.read(row.progress, f"ticket {row.id}").exemption == exemption_id
    ]
    for start in range(0, len(held), 500):
        connection.execute(update(TICKETS).where(t.id.in_(held[start : start + 500])).values(due_at=at))
