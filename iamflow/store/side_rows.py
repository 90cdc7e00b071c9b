"""The rows that a change brings along beside its ticket: letters, approvals, exemptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, update
from sqlalchemy.engine import Connection

from iamflow.domain.notice import Notice
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval
from iamflow.store import documents
from iamflow.store.part import insert as insert_or
from iamflow.store.schema import APPROVALS, EXEMPTIONS, OUTBOX

if TYPE_CHECKING:
    from iamflow.store.commit import Accepted


def write_side_rows(
    connection: Connection, accepted: Sequence["Accepted"], now: datetime, channels: tuple[str, ...]
) -> None:
    """Write them for a whole batch, table by table."""
    letters = [
        _letter(notice, channel, now) for item in accepted for notice in item.change.notices for channel in channels
    ]
    if letters:
        # The same notice may be decided twice (a lost answer, a second look); it is sent once.
        connection.execute(insert_or(connection, OUTBOX).on_conflict_do_nothing(), letters)
    used = [
        {"b_ticket": item.after.id, "used_at": item.change.events[-1].at if item.change.events else now}
        for item in accepted
        if item.change.uses_approvals
    ]
    if used:
        unused = (APPROVALS.c.ticket_id == bindparam("b_ticket"), APPROVALS.c.used_at.is_(None))
        connection.execute(update(APPROVALS).where(*unused), used)
    approvals = [_approval(item.change.approval) for item in accepted if item.change.approval is not None]
    if approvals:
        connection.execute(insert(APPROVALS), approvals)
    _write_exemptions(connection, accepted, now)


def _letter(notice: Notice, channel: str, now: datetime) -> dict[str, object]:
    return {
        "ticket_id": notice.ticket_id,
        "channel": channel,
        "dedupe_key": notice.dedupe_key,
        "kind": notice.kind.value,
        "notice": documents.NOTICE.write(notice),
        "created_at": now,
        "available_at": now,
        "attempts": 0,
    }


def _approval(approval: Approval) -> dict[str, object]:
    return {
        "ticket_id": approval.ticket_id,
        "approved_by": documents.IDENTITY.write(approval.by),
        "digest": approval.digest,
        "approved_at": approval.at,
        "expires_at": approval.expires_at,
        "comment": approval.comment,
        "used_at": approval.used_at,
    }


def _write_exemptions(connection: Connection, accepted: Sequence["Accepted"], now: datetime) -> None:
    ended = [
        {"b_ticket": item.after.id, "ended_at": now}
        for item in accepted
        if item.change.before.state is State.EXEMPT and item.after.state is not State.EXEMPT
    ]
    if ended:
        running = (EXEMPTIONS.c.ticket_id == bindparam("b_ticket"), EXEMPTIONS.c.ended_at.is_(None))
        connection.execute(update(EXEMPTIONS).where(*running), ended)
    granted = [
        {
            "ticket_id": item.after.id,
            "account_id": item.after.account_id,
            "access_key_id": item.after.access_key_id,
            "granted_by": item.actor,
            "granted_at": now,
            "until": item.after.progress.exempt_until,
            "reason": item.after.progress.exempt_reason,
        }
        for item in accepted
        if item.after.state is State.EXEMPT and item.change.before.state is not State.EXEMPT
    ]
    if granted:
        connection.execute(insert(EXEMPTIONS), granted)
