"""What AWS says about the user, and whether it is iamflow's to take away."""

from dataclasses import replace

from iamflow.domain.belongings import beyond, merged, without
from iamflow.domain.decision import Sight
from iamflow.domain.facts import LIVE, LastUse, UserFacts, UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.merging import joined
from iamflow.domain.people import RULES
from iamflow.domain.plan import digest_of
from iamflow.domain.quarantine import policy_name
from iamflow.domain.states import Resolution
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common
from iamflow.workflows.shared.key_subject import owner_by
from iamflow.workflows.shared.tagged import last_sign_of_life
from iamflow.workflows.workflow import Situation

_FIRST = ("Manager", "Team")
"""The tags whose addresses are told first: the user is the last to know that nobody uses it."""


def no_longer_a_finding(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[Resolution, str] | None:
    """Return how and why the finding no longer holds. A ticket that was opened by hand does not depend on the rule."""
    if reading.user_id is None:
        return Resolution.USER_GONE, "the user does not exist any more"
    since = last_sign_of_life(reading)
    rules = situation.policy.rules.at_intake(ticket.account_id, ticket.account_name)
    active = since is not None and situation.now - since <= rules.unused_after
    if active and ticket.requester == RULES:
        return Resolution.USER_ACTIVE, f"the user was active, or was given a key, on {since:%Y-%m-%d}"
    return None


def learn(ticket: Ticket, reading: UserReading, situation: Situation) -> Ticket:
    """Put what AWS says on the ticket. The first live reading settles which user the ticket is about."""
    uses = [use for use in (reading.uses or {}).values() if use.at is not None]
    latest = max(uses, key=lambda use: use.at or reading.read_at, default=LastUse())
    has = reading.belongings
    facts = UserFacts(
        console=has.login_profile if has is not None else False,
        mfa=bool(has.mfa) if has is not None else False,
        password_last_used=reading.password_last_used,
        key_last_used=latest.at,
        created_at=reading.created_at,
        as_of=reading.read_at,
        source=LIVE,
    )
    owner = owner_by(ticket, reading.tags, reading.security_contact, situation, first=_FIRST)
    known = replace(ticket, user_id=ticket.user_id or reading.user_id, owner=owner)
    return replace(
        known,
        facts=joined(facts, ticket.facts),
        plan_digest=digest_of(known, reading, situation.policy) or known.plan_digest,
        progress=replace(known.progress, last_use=latest),
    )


def recorded(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Ticket, tuple[NewEvent, ...]]:
    """Put what was read with every document on the ticket's snapshot; its digest goes into the journal where it changed.

    Before the quarantine the newest reading counts. Afterwards only what was added is: what is known keeps the state in
    which it was before anything was taken.
    """
    read = sight.snapshot.belongings if sight.snapshot is not None else None
    if read is None or sight.snapshot is None or sight.snapshot.user_id != ticket.user_id:
        return ticket, ()
    now = without(read, policy_name(ticket.id))
    if ticket.snapshot is not None and ticket.key_was_deactivated:
        now = merged(ticket.snapshot, now)
    if now == ticket.snapshot:
        return ticket, ()
    counts = {kind: len(found) for kind, found in now.names().items() if found}
    detail = {"digest": now.digest(), "user_id": now.user_id, "counts": counts}
    event = NewEvent(kind=EventKind.SNAPSHOT, actor=common.DAEMON, at=situation.now, detail=detail)
    return replace(ticket, snapshot=now), (event,)


def has_more(ticket: Ticket, reading: UserReading) -> bool:
    """Return whether the user has something that is not on the snapshot."""
    if ticket.snapshot is None or reading.belongings is None:
        return True
    return bool(beyond(reading.belongings, ticket.snapshot, ours=policy_name(ticket.id)))
