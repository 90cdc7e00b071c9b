"""What is claimed comes with everything that a decision needs."""

from dataclasses import replace

from iamflow.domain.notice import NoticeState
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval, Ticket
from iamflow.engine.ports import Change, Sent
from iamflow.store.open import SqlStore
from tests.store.conftest import Opener
from tests.store.support import (
    ACCOUNT,
    ALICE,
    DAY,
    HOUR,
    LEASE,
    OTHER,
    START,
    effect_on,
    moved,
    new_ticket,
    said,
    told,
)


def _opened(store: SqlStore) -> Ticket:
    (ticket,) = store.open_new([new_ticket()], "rules")
    return ticket


def test_an_open_intent_comes_along(store: SqlStore) -> None:
    ticket = _opened(store)
    applied = store.commit([Change(before=ticket, after=ticket, opens=effect_on(ticket))])
    (case,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    assert case.intent == applied.intents[ticket.id]


def test_approvals_come_along_where_they_are_awaited(store: SqlStore) -> None:
    ticket = _opened(store)
    waits = store.commit([moved(ticket, State.AWAITING_APPROVAL)]).tickets[ticket.id]
    yes = Approval(ticket_id=ticket.id, by=ALICE, digest="d" * 64, at=START, expires_at=START + DAY, comment="go")
    store.commit([Change(before=waits, after=waits, approval=yes)])
    (case,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    assert case.approvals == (yes,)


def test_used_approvals_say_when(store: SqlStore) -> None:
    ticket = _opened(store)
    waits = store.commit([moved(ticket, State.AWAITING_APPROVAL)]).tickets[ticket.id]
    yes = Approval(ticket_id=ticket.id, by=ALICE, digest="d" * 64, at=START, expires_at=START + DAY)
    approved = store.commit([Change(before=waits, after=waits, approval=yes)]).tickets[ticket.id]
    use = Change(before=approved, after=approved, uses_approvals=True, events=(said(at=START + HOUR),))
    store.commit([use])
    assert store.case(ticket.id).approvals == (replace(yes, used_at=START + HOUR),)


def test_a_notice_on_its_way_is_waiting(store: SqlStore) -> None:
    ticket = _opened(store)
    store.commit([told(ticket)])
    (case,) = store.claim(holder="a", now=START + DAY, limit=1, lease=LEASE)
    assert case.notice.state is NoticeState.WAITING


def test_one_accepting_channel_is_enough_and_the_latest_promise_counts(another: Opener) -> None:
    store = another(channels=("smtp", "file", "slack"))
    ticket = _opened(store)
    store.commit([told(ticket)])
    smtp, file, slack = store.due_letters(START, 10)
    store.record_sent(
        [
            Sent(letter=smtp, at=START, error="no such mailbox"),
            Sent(letter=file, at=START, accepted_at=START + HOUR, promised_at=START + 8 * DAY),
            Sent(letter=slack, at=START, accepted_at=START + 2 * HOUR, promised_at=START + 9 * DAY),
        ]
    )
    notice = store.case(ticket.id).notice
    assert notice.state is NoticeState.ACCEPTED
    assert notice.accepted_at == START + HOUR
    assert notice.promised_at == START + 9 * DAY


def test_a_notice_has_failed_only_when_every_channel_has(another: Opener) -> None:
    store = another(channels=("smtp", "file"))
    ticket = _opened(store)
    store.commit([told(ticket)])
    smtp, file = store.due_letters(START, 10)
    store.record_sent([Sent(letter=smtp, at=START, error="no such mailbox")])
    assert store.case(ticket.id).notice.state is NoticeState.WAITING
    store.record_sent([Sent(letter=file, at=START, error="no such folder")])
    notice = store.case(ticket.id).notice
    assert notice.state is NoticeState.FAILED
    assert notice.error is not None


def test_only_the_notice_of_the_current_round_counts(store: SqlStore) -> None:
    ticket = _opened(store)
    first = store.commit([told(ticket)]).tickets[ticket.id]
    (letter,) = store.due_letters(START, 10)
    store.record_sent([Sent(letter=letter, at=START, accepted_at=START, promised_at=START + DAY)])
    store.commit([told(first, round_=2)])
    assert store.case(ticket.id).notice.state is NoticeState.WAITING


def test_since_when_iamflow_may_act_comes_along(store: SqlStore) -> None:
    store.open_new([new_ticket(1), new_ticket(2, account=OTHER)], "rules")
    store.note_enforcement({ACCOUNT: True, OTHER: False}, START - HOUR)
    cases = store.claim(holder="a", now=START, limit=10, lease=LEASE)
    assert {case.ticket.account_id: case.enforced_since for case in cases} == {ACCOUNT: START - HOUR, OTHER: None}
