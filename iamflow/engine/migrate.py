"""What people say on the way from a key to a role: how the application runs, and when it may be changed."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from iamflow.domain.blueprint import Scenario
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.migration import Choice, Place, chosen, started
from iamflow.domain.states import PAUSED, State
from iamflow.domain.ticket import Ticket
from iamflow.engine import steer
from iamflow.engine.steer import Desk
from iamflow.workflows.migrate_to_role.trust import ISSUERS

_ARN = re.compile(
    r"arn:[\w-]+:(?:lambda:[\w-]+:\d{12}:function:[\w-]+|ec2:[\w-]+:\d{12}:instance/i-\w+|ecs:[\w-]+:\d{12}:service/[\w/-]+)"
)
_CHOOSING = frozenset({State.OPEN, State.NOTIFIED, State.DISCOVERING, State.PLANNED, State.AWAITING_APPROVAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a person says of how the application runs, as typed."""

    scenario: Scenario
    resources: tuple[str, ...] = ()
    """ARNs, or the names or ids of what the discovery found; none for everything of the scenario that it found."""
    source: str | None = None
    issuer: str | None = None
    """``github``, ``gitlab``, or an https URL."""
    audience: str | None = None
    subject: str | None = None
    narrow: bool | None = None
    """None: as the settings say."""


def understood(desk: Desk, ticket: Ticket, said: Said) -> Choice:
    """Return the choice that a person's words amount to. Raises ``RefusedError`` for a resource that nobody knows."""
    migration = ticket.migration or started()
    places = migration.discovery.places if migration.discovery is not None else ()
    resources = [_resource(ticket, places, text) for text in said.resources]
    if not said.resources:
        resources = [place.arn for place in places if place.scenario is said.scenario]
    issuer, audience = ISSUERS.get(said.issuer or "", (said.issuer, None))
    return Choice(
        scenario=said.scenario,
        resources=tuple(dict.fromkeys(resources)),
        source=said.source,
        issuer=issuer,
        audience=said.audience or audience,
        subject=said.subject,
        narrow=said.narrow if said.narrow is not None else desk.policy.migrate_to_role.narrow,
    )


def _resource(ticket: Ticket, places: tuple[Place, ...], text: str) -> str:
    for place in places:
        if text in {place.arn, re.split("[:/]", place.arn)[-1]}:
            return place.arn
    if _ARN.fullmatch(text) and f":{ticket.account_id}:" in text:
        return text
    message = (
        f"{text!r} was not found to use the key: name its whole ARN, of account {ticket.account_id} "
        "(an instance, a function without a version, a service)"
    )
    raise RefusedError(message)


def choose(desk: Desk, ref: str, choice: Choice) -> Ticket:
    """Record how the application runs; the plan is made anew from it, and approvals of an earlier one count no more.

    Raises ``RefusedError`` for a ticket that leads to no role, or of whose plan something is made already.
    """
    ticket = _planning(desk, ref)
    said = replace(choice, by=str(desk.person), at=desk.clock.now())
    detail = {key: value for key, value in asdict(choice).items() if value}
    migration = chosen(ticket.migration or started(), said)
    planned = replace(ticket, migration=migration, plan_digest=None, due_at=desk.clock.now())
    return steer.write(desk, ticket, planned, (_event(desk, detail),))


def postpone(desk: Desk, ref: str, not_before: datetime) -> Ticket:
    """Record that nothing may be made or changed before a date (UTC): a maintenance window begins then."""
    ticket = _planning(desk, ref)
    migration = replace(ticket.migration or started(), not_before=not_before)
    later = replace(ticket, migration=migration, due_at=desk.clock.now())
    return steer.write(desk, ticket, later, (_event(desk, {"not_before": not_before.isoformat()}),))


def _planning(desk: Desk, ref: str) -> Ticket:
    ticket = steer.idle(desk, ref)
    if not desk.person.known:
        message = "nobody can be told to have said this: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    if ticket.workflow != "migrate-to-role":
        message = f"ticket {ticket.id} ({ticket.workflow}) leads to no role: there is nothing to plan"
        raise RefusedError(message)
    stood = ticket.came_from if ticket.state in PAUSED else ticket.state
    if ticket.ended or ticket.is_replaced or ticket.key_was_deactivated or stood not in _CHOOSING:
        message = (
            f"the plan of ticket {ticket.id} is being carried out, or is over: "
            f"roll it back first (iamflow ticket rollback {ticket.id})"
        )
        raise RefusedError(message)
    return ticket


def _event(desk: Desk, detail: dict[str, object]) -> NewEvent:
    said = {"action": "plan", **detail}
    return NewEvent(kind=EventKind.STEERED, actor=str(desk.person), at=desk.clock.now(), detail=said)
