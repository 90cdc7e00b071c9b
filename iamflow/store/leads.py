"""Leads: what may be a finding, and waits until AWS is read (``LeadStore``)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, delete, or_, select, update

from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.lead import Lead, LeadState, StoredLead
from iamflow.domain.rule_settings import RuleName
from iamflow.engine.ports import LeadResult
from iamflow.store.part import Part
from iamflow.store.part import insert as insert_or
from iamflow.store.rows import AnyRow
from iamflow.store.schema import LEADS

_RULES = tuple(rule.value for rule in RuleName)
"""A newer iamflow may have noted leads of a rule that this one does not know: those wait for it."""


class LeadPart(Part):
    """All of ``LeadStore``."""

    def note_leads(self, leads: Sequence[Lead], at: datetime, reason: str) -> int:
        """Write leads down, each once; see ``LeadStore.note_leads``."""
        newest: dict[str, Lead] = {}
        for lead in leads:
            known = newest.get(lead.identity)
            if known is None or lead.as_of > known.as_of:
                newest[lead.identity] = lead
        if not newest:
            return 0
        values = [_values(lead, at, reason) for lead in newest.values()]
        with self.database.writing() as connection:
            noted = insert_or(connection, LEADS)
            anew = {name: noted.excluded[name] for name in values[0] if name != "identity"}
            # What a newer report says, or has been answered since, an older one does not ask again.
            statement = noted.on_conflict_do_update(
                index_elements=[LEADS.c.identity],
                set_={**anew, "ended_at": None},
                where=LEADS.c.as_of <= noted.excluded.as_of,
            )
            connection.execute(statement, values)
        return len(values)

    def take_leads(self, now: datetime, until: datetime, limit: int) -> Sequence[StoredLead]:
        """Take leads that are due, so that nobody else looks into them before ``until``; see ``LeadStore.take_leads``."""
        le = LEADS.c
        due = and_(le.due_at <= now, le.rule.in_(_RULES))
        some = select(le.id).where(due).order_by(le.due_at, le.id).limit(limit).with_for_update(skip_locked=True)
        with self.database.writing() as connection:
            taken = update(LEADS).where(le.id.in_(some)).values(due_at=until).returning(LEADS)
            return sorted((_lead_of(row) for row in connection.execute(taken)), key=lambda lead: lead.id)

    def waiting_leads(self, *, rule: str | None = None, account: str | None = None) -> Sequence[StoredLead]:
        """Return every lead that waits; ``account`` is an id or a name."""
        le = LEADS.c
        query = select(LEADS).where(le.due_at.is_not(None)).order_by(le.account_id, le.username, le.rule, le.id)
        if rule is not None:
            query = query.where(le.rule == rule)
        if account is not None:
            query = query.where(or_(le.account_id == account, le.account_name == account))
        return self._read(query)

    def settle_leads(self, results: Sequence[LeadResult], at: datetime) -> None:
        """Write what came of leads; one that was noted anew meanwhile keeps waiting."""
        le = LEADS.c
        if not results:
            return
        # A report that came meanwhile has set another date: what it asks is not answered yet.
        same = and_(le.id == bindparam("of"), le.due_at == bindparam("seen", type_=le.due_at.type))
        statement = update(LEADS).where(same)
        values = [
            {
                "of": result.lead.id,
                "seen": result.lead.due_at,
                "state": result.state.value,
                "reason": result.reason,
                "tries": result.lead.tries + (result.due_at != result.lead.due_at),
                "due_at": result.due_at,
                "ended_at": None if result.due_at is not None else at,
            }
            for result in results
        ]
        with self.database.writing() as connection:
            connection.execute(statement.values({name: bindparam(name) for name in _SETTLED}), values)

    def forget_leads(self, before: datetime, limit: int) -> int:
        """Remove up to ``limit`` leads that ended before then; return how many."""
        some = select(LEADS.c.id).where(LEADS.c.ended_at < before).limit(limit)
        with self.database.writing() as connection:
            return connection.execute(delete(LEADS).where(LEADS.c.id.in_(some))).rowcount

    def _read(self, query: Select[tuple[object, ...]]) -> list[StoredLead]:
        with self.database.reading() as connection:
            return [_lead_of(row) for row in connection.execute(query.where(LEADS.c.rule.in_(_RULES)))]


_SETTLED = ("state", "reason", "tries", "due_at", "ended_at")


def _values(lead: Lead, at: datetime, reason: str) -> dict[str, object]:
    return {
        "identity": lead.identity,
        "account_id": lead.account_id,
        "account_name": lead.account_name,
        "username": lead.username,
        "rule": lead.rule.value,
        "access_key_id": lead.key_id,
        "key_created_at": lead.created_at,
        "as_of": lead.as_of,
        "source": lead.source,
        "row": lead.row,
        "state": LeadState.WAITING.value,
        "reason": reason,
        "tries": 0,
        "due_at": at,
    }


def _lead_of(row: AnyRow) -> StoredLead:
    lead = Lead(
        account_id=AccountId(row.account_id),
        account_name=row.account_name,
        username=row.username,
        rule=RuleName(row.rule),
        key_id=None if row.access_key_id is None else KeyId(row.access_key_id),
        created_at=row.key_created_at,
        as_of=row.as_of,
        source=row.source,
        row=row.row,
    )
    return StoredLead(
        id=row.id, lead=lead, state=LeadState(row.state), reason=row.reason, tries=row.tries, due_at=row.due_at
    )
