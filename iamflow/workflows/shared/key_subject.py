"""What AWS says about the key and its user before the deactivation, and whether both are iamflow's to touch."""

from collections.abc import Mapping
from dataclasses import replace

from iamflow.domain.facts import LIVE, Facts, KeyFacts, KeyStatus, LastUse, UserReading
from iamflow.domain.merging import joined
from iamflow.domain.owners import find_owner
from iamflow.domain.people import RULES
from iamflow.domain.plan import plan_digest
from iamflow.domain.protection import protected_by_name, protected_by_tag
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Owner, Ticket
from iamflow.workflows.workflow import Situation


def no_longer_a_finding(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[Resolution, str] | None:
    """Return how and why the finding no longer holds. A hand-opened ticket does not depend on the key's age."""
    if reading.user_id is None:
        return Resolution.USER_GONE, "the user does not exist any more"
    key = reading.key(ticket.access_key_id)
    if key is None:
        return Resolution.KEY_GONE, "the user has no such key any more"
    if key.status is KeyStatus.INACTIVE:
        return (
            Resolution.KEY_INACTIVE,
            "the key is Inactive already, and iamflow did not do it",
        )
    rules = situation.policy.rules.at_intake(ticket.account_id, ticket.account_name)
    young = situation.now - key.created_at <= rules.max_key_age
    if young and ticket.requester == RULES:
        return Resolution.KEY_YOUNG, "the key is younger than rules.max_key_age"
    return None


def hands_off(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[str, str] | None:
    """Return why this subject is not iamflow's to touch, as (code, sentence)."""
    if reading.user_id != ticket.user_id:
        reason = f"the user's id was {ticket.user_id} and is {reading.user_id}: recreated under the same name"
        return "user_changed", reason
    protection = situation.policy.protection
    why = protected_by_name(ticket.account_id, ticket.username, protection) or protected_by_tag(
        reading.tags, protection
    )
    if why is not None:
        return "protected", why
    if reading.quarantined:
        return "compromised", (
            "AWS has put this user into quarantine (AWSCompromisedKeyQuarantine): treat the key as leaked, now; "
            "this is an incident for a person, not for a grace period"
        )
    return None


def learn(ticket: Ticket, reading: UserReading, situation: Situation) -> Ticket:
    """Put what AWS says on the ticket. The first live reading settles which user and key the ticket is about."""
    policy = situation.policy
    key = reading.key(ticket.access_key_id)
    last_use = reading.last_use or LastUse()
    facts: Facts = ticket.facts
    if key is not None:
        created = key.created_at if ticket.user_id is None else ticket.key_facts.created_at
        read = KeyFacts(status=key.status, created_at=created, last_use=last_use, as_of=reading.read_at, source=LIVE)
        facts = joined(read, facts)
    return replace(
        ticket,
        user_id=ticket.user_id or reading.user_id,
        facts=facts,
        owner=owner_of(ticket, reading, situation),
        plan_digest=plan_digest(ticket, reading, policy.excused, policy.of(ticket.workflow).brownout),
        progress=replace(ticket.progress, last_use=last_use),
    )


def owner_of(ticket: Ticket, reading: UserReading, situation: Situation) -> Owner | None:
    """Return who is told about a user: whoever was told first, once a notice is out."""
    return owner_by(ticket, reading.tags, reading.security_contact, situation)


def owner_by(
    ticket: Ticket,
    tags: Mapping[str, str],
    security_contact: str | None,
    situation: Situation,
    first: tuple[str, ...] = (),
) -> Owner | None:
    """Return who is told, by these tags, the account's own contact and the settings: whoever was told first, once a notice is out.

    ``first`` names tags that come before those of the settings.
    """
    if ticket.state is not State.OPEN and ticket.owner is not None:
        return ticket.owner
    rules = situation.policy.owners
    others = tuple(tag for tag in rules.tags if tag.lower() not in {one.lower() for one in first})
    found = find_owner(tags, ticket.account_id, replace(rules, tags=(*first, *others)), security_contact)
    if found is None and situation.policy.team is not None:
        return Owner(address=situation.policy.team, source="default")
    return found
