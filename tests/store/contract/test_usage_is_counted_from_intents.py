"""What the caps and the circuit breaker count is what the intents say."""

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.engine.ports import Change, Usage
from iamflow.store.open import SqlStore
from tests.store.support import ACCOUNT, HOUR, OTHER, START, MovedClock, done, effect_on, new_ticket

DEACTIVATE, REACTIVATE = EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY


def _step(store: SqlStore, number: int, kind: EffectKind, outcome: OutcomeKind | None) -> None:
    (ticket,) = store.open_new([new_ticket(number)], "rules")
    first = store.commit([Change(before=ticket, after=ticket, opens=effect_on(ticket, kind))])
    if outcome is not None:
        stored = first.tickets[ticket.id]
        settles = (first.intents[ticket.id].id, done(START, outcome))
        store.commit([Change(before=stored, after=stored, settles=settles)])


def test_what_was_done_or_may_have_been_counts_and_what_certainly_was_not_does_not(
    store: SqlStore, clock: MovedClock
) -> None:
    for number, outcome in enumerate([None, OutcomeKind.DONE, OutcomeKind.NOT_DONE, OutcomeKind.REFUSED], start=1):
        clock.at = START + number * HOUR
        _step(store, number, DEACTIVATE, outcome)
    _step(store, 9, DEACTIVATE, OutcomeKind.NOT_ATTEMPTED)
    assert store.usage([ACCOUNT, OTHER], START) == {(ACCOUNT, DEACTIVATE): Usage(count=2, oldest=START + HOUR)}


def test_what_was_opened_before_does_not_count(store: SqlStore, clock: MovedClock) -> None:
    _step(store, 1, DEACTIVATE, OutcomeKind.DONE)
    clock.at = START + HOUR
    _step(store, 2, DEACTIVATE, OutcomeKind.DONE)
    assert store.usage([ACCOUNT], START + HOUR)[ACCOUNT, DEACTIVATE].count == 1


def test_other_accounts_do_not_count(store: SqlStore) -> None:
    _step(store, 1, DEACTIVATE, OutcomeKind.DONE)
    assert store.usage([OTHER], START) == {}
    assert store.usage([], START) == {}


def test_totals_count_what_was_done_over_all_accounts(store: SqlStore) -> None:
    _step(store, 1, DEACTIVATE, OutcomeKind.DONE)
    _step(store, 2, REACTIVATE, OutcomeKind.DONE)
    _step(store, 3, REACTIVATE, OutcomeKind.NOT_DONE)
    assert store.totals(START) == {DEACTIVATE: 1, REACTIVATE: 1}
    assert store.totals(START + HOUR) == {}
