"""The notices of every workflow: to whom, about what, and what keeps each from going out twice."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from iamflow.domain.evidence import Activity, Signal
from iamflow.domain.facts import Facts, LastUse, RootFacts, created_of
from iamflow.domain.masking import masked
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.root import root_lacks
from iamflow.domain.ticket import Ticket

_ROWS = 10
"""How many rows of evidence a message carries; the ticket has all of them."""


def first_notice(kind: NoticeKind, ticket: Ticket, policy: Policy, now: datetime) -> Notice | None:
    """Return the notice that begins the grace period, or None when there is nobody to tell.

    One of the kind ``managed`` promises no date: it begins nothing.
    """
    if ticket.owner is None:
        return None
    grace = None if kind is NoticeKind.MANAGED else policy.of(ticket.workflow).grace.total_seconds()
    return Notice(
        ticket_id=ticket.id,
        kind=kind,
        recipients=(ticket.owner.address,),
        dedupe_key=f"t{ticket.id}:notice:{ticket.progress.notice_round}",
        context=_context(ticket, policy, now),
        grace_seconds=grace,
    )


def reminder(ticket: Ticket, policy: Policy, now: datetime, name: str) -> Notice | None:
    """Return a reminder, which repeats the date that was promised; None when there is nobody to tell."""
    if ticket.owner is None:
        return None
    return Notice(
        ticket_id=ticket.id,
        kind=NoticeKind.REMINDER,
        recipients=(ticket.owner.address,),
        dedupe_key=f"t{ticket.id}:reminder:{ticket.progress.notice_round}:{name}",
        context=_context(ticket, policy, now),
        not_before=ticket.deadline,
    )


def tell(
    kind: NoticeKind,
    ticket: Ticket,
    policy: Policy,
    now: datetime,
    *,
    headline: str,
    reasons: Iterable[str] = (),
    once: str | None = None,
) -> tuple[Notice, ...]:
    """Return the notice of something that happened, to the owner and the security team; none when there is neither.

    What bears the same ``once`` goes out once, however often it happens.
    """
    addresses = [ticket.owner.address if ticket.owner else None, policy.team]
    recipients = tuple(dict.fromkeys(address for address in addresses if address))
    if not recipients:
        return ()
    evidence = [_evidence(signal) for signal in ticket.progress.signals[-_ROWS:]]
    extra = {"headline": headline, "reasons": list(reasons), "evidence": evidence}
    return (
        Notice(
            ticket_id=ticket.id,
            kind=kind,
            recipients=recipients,
            dedupe_key=f"t{ticket.id}:{kind.value}:{once or ticket.version}",
            context=_context(ticket, policy, now) | extra,
        ),
    )


def _context(ticket: Ticket, policy: Policy, now: datetime) -> dict[str, object]:
    last_use = ticket.known_last_use or LastUse()
    created_at = created_of(ticket.facts)
    brownout = policy.of(ticket.workflow).brownout
    activities = ticket.baseline.activities if ticket.baseline is not None else ()
    return {
        "ticket_id": ticket.id,
        "workflow": ticket.workflow,
        "account_id": ticket.account_id,
        "account_name": ticket.account_name,
        "username": ticket.username,
        "key_masked": masked(ticket.access_key_id) if ticket.access_key_id is not None else None,
        "created_at": created_at.isoformat() if created_at is not None else None,
        "age_days": (now - created_at).days if created_at is not None else None,
        "last_used_at": last_use.at.isoformat() if last_use.at is not None else None,
        "last_used_service": last_use.service,
        "owner": ticket.owner.address if ticket.owner is not None else None,
        "contact": policy.contact or policy.team,
        "due_at": ticket.deadline.isoformat() if ticket.deadline is not None else None,
        "comment": ticket.wanted_by.comment if ticket.wanted_by is not None else None,
        "reasons": [],
        "evidence": [],
        "applications": [_application(activity) for activity in activities[:_ROWS]],
        "headline": "",
        "managed": ticket.progress.managed,
        "brownout": in_words(brownout) if brownout is not None else None,
        "was_deactivated": ticket.key_was_deactivated,
        "rotation": _rotation(ticket),
        "lacking": list(_lacking(ticket.facts)),
    }


def _lacking(facts: Facts) -> tuple[str, ...]:
    """Return what is wrong with a root user; nothing where the ticket is about something else."""
    return root_lacks(mfa=facts.mfa, access_key=facts.access_key) if isinstance(facts, RootFacts) else ()


def _rotation(ticket: Ticket) -> Mapping[str, object] | None:
    """Return what people are told of a replacement: where the secret is, never the secret."""
    rotation = ticket.progress.rotation
    if rotation is None:
        return None
    return {
        "place": rotation.place.in_words(),
        "new_key_masked": masked(rotation.new_key) if rotation.new_key is not None else None,
        "given_back": rotation.given_back,
    }


def in_words(duration: timedelta) -> str:
    """Return a duration as people say it, in the largest unit that is whole."""
    seconds = duration.total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds:g} seconds"


def _evidence(signal: Signal) -> Mapping[str, object]:
    event = signal.event
    return {
        "at": signal.at.isoformat(),
        "event": event.name if event is not None else signal.sentence,
        "source": event.source if event is not None else None,
        "region": event.region if event is not None else None,
        "source_ip": event.source_ip if event is not None else None,
        "user_agent": event.user_agent if event is not None else None,
        "error": event.error_code if event is not None else None,
    }


def _application(activity: Activity) -> Mapping[str, object]:
    return {
        "at": activity.last_at.isoformat(),
        "event": activity.name,
        "source": activity.source,
        "region": activity.region,
        "source_ip": activity.source_ip,
        "user_agent": activity.user_agent,
        "error": activity.error_code,
        "count": activity.count,
    }
