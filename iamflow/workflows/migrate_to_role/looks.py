"""What ``migrate-to-role`` must read before it decides. CloudTrail is asked as rarely as is still right."""

from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.migration import Migration
from iamflow.domain.states import PAUSED, Confirmation, State
from iamflow.domain.ticket import Ticket
from iamflow.domain.waits import DAY
from iamflow.workflows.migrate_to_role import cutover, plan
from iamflow.workflows.shared import watch
from iamflow.workflows.workflow import Situation

_NOTHING: frozenset[Look] = frozenset()


def wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Return what must still be read; asked again until it wants nothing more."""
    ticket = case.ticket
    if ticket.ended:
        pending = ticket.confirmation is Confirmation.PENDING and sight.proof is None
        return frozenset({Look.PROOF}) if pending else _NOTHING
    if ticket.state is State.EXEMPT:
        return _NOTHING
    if sight.user is None:
        return frozenset({Look.USER})
    if ticket.key_was_deactivated:
        return watch.wants(ticket, sight.user, sight, situation)
    if ticket.migration is None or not _goes_on(ticket, ticket.migration, sight.user, situation):
        return _NOTHING
    return _on_the_way(case, ticket.migration, sight, situation)


def _goes_on(ticket: Ticket, migration: Migration, reading: UserReading, situation: Situation) -> bool:
    """Return whether anything but the reading matters: not while it is undone, paused, or only observed."""
    key = reading.key(ticket.access_key_id)
    undone = ticket.wanted is not None or migration.undoing is not None
    works = key is not None and key.status is KeyStatus.ACTIVE
    return works and not undone and ticket.state not in PAUSED and situation.policy.acts_in(ticket.account_id)


def _on_the_way(case: Case, migration: Migration, sight: Sight, situation: Situation) -> frozenset[Look]:
    ticket = case.ticket
    if ticket.state is State.DISCOVERING:
        missing = {Look.BASELINE} if sight.baseline is None else set() if sight.usage is not None else {Look.USAGE}
        return frozenset(missing)
    if migration.provisioned_at is not None:
        return _with_role(case, migration, sight, situation)
    if ticket.state in {State.PLANNED, State.AWAITING_APPROVAL} and not migration.made:
        return _planning(migration, sight)
    return _NOTHING


def _planning(migration: Migration, sight: Sight) -> frozenset[Look]:
    choice, discovery = migration.choice, migration.discovery
    if choice is None or discovery is None:
        return _NOTHING
    if plan.lacking(choice, discovery) and sight.usage is None:
        return frozenset({Look.USAGE})
    return frozenset({Look.GRANTS}) if sight.grants is None and not plan.lacking(choice, discovery) else _NOTHING


def _with_role(case: Case, migration: Migration, sight: Sight, situation: Situation) -> frozenset[Look]:
    ticket = case.ticket
    if sight.user is None or ticket.state not in {State.AWAITING_CUTOVER, State.AWAITING_APPROVAL}:
        return _NOTHING
    if not cutover.is_idle(ticket, migration, sight.user, situation):
        return _NOTHING
    used = migration.role_used_at or sight.user.role_used_at
    if used is None and migration.migrated is None:
        if sight.adoption is None:
            return frozenset({Look.ADOPTION})
        if not sight.adoption.events:
            return _NOTHING
    stale = ticket.baseline is None or situation.now - ticket.baseline.taken_at > DAY
    return frozenset({Look.BASELINE}) if stale and sight.baseline is None else _NOTHING
