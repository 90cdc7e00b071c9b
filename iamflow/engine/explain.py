"""Which rule applies to one user or key, from what is stored and, where AWS can be read, from a live reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iamflow.domain.errors import IamflowError, NotFoundError
from iamflow.domain.exemption import Exemption, Subject
from iamflow.domain.explaining import Explanation, explain, from_live
from iamflow.domain.facts import Finding
from iamflow.domain.ids import AccountId, UserName
from iamflow.domain.managed import managed_by
from iamflow.domain.protection import protected_by_tag
from iamflow.domain.subject import Part, UserSubject
from iamflow.domain.ticket import Ticket
from iamflow.engine.admission import refusal
from iamflow.engine.exemptions import in_words
from iamflow.engine.ports import Cloud, TicketFilter
from iamflow.engine.steer import Desk

_PARTS = frozenset({Part.CONSOLE, Part.MFA, Part.KEY_USES})
_TICKETS = 1000
"""How many tickets about users of one name are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Whom a person asks about: a user's name or a whole key id, and the account where it is not known from elsewhere."""

    name: str
    account_id: AccountId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """What is said of one user."""

    account_id: AccountId
    account_name: str
    username: str
    explanations: tuple[Explanation, ...]
    besides: tuple[str, ...]
    """What else decides: exclusion, protection, a ticket that stands."""
    unread: str | None
    """Why AWS was not read; None where it was."""


def explain_rules(desk: Desk, cloud: Cloud | None, asked: Asked) -> Sequence[Explained]:
    """Explain for every user whom the question fits. ``cloud`` None means that there are no credentials to read AWS with.

    Raises ``NotFoundError`` where nothing is stored of such a user or key, and AWS cannot be asked.
    """
    stored = [
        found.finding
        for found in desk.store.findings_about(asked.name)
        if asked.account_id in {None, found.finding.account_id}
    ]
    tickets = _tickets(desk, asked)
    named = [(item.account_id, item.username) for item in stored]
    named += [(ticket.account_id, str(ticket.username)) for ticket in tickets]
    if not named and asked.account_id is not None and cloud is not None:
        named = [(asked.account_id, asked.name)]
    users = list(dict.fromkeys(named))
    if not users:
        message = (
            f"nothing is stored of {asked.name}: import a report that tells of it, "
            "or give the user's name and --account, with AWS credentials at hand"
        )
        raise NotFoundError(message)
    return [_of_user(desk, cloud, user, (stored, tickets)) for user in users]


def _tickets(desk: Desk, asked: Asked) -> list[Ticket]:
    of_user = list(desk.store.tickets(TicketFilter(user=asked.name), limit=_TICKETS))
    try:
        of_key = [desk.store.ticket(asked.name)] if not asked.name.isdigit() else []
    except NotFoundError:
        of_key = []
    return [ticket for ticket in (*of_user, *of_key) if asked.account_id in {None, ticket.account_id}]


def _of_user(
    desk: Desk,
    cloud: Cloud | None,
    user: tuple[AccountId, str],
    known: tuple[Sequence[Finding], Sequence[Ticket]],
) -> Explained:
    account_id, username = user
    stored = [item for item in known[0] if (item.account_id, item.username) == user]
    tickets = [ticket for ticket in known[1] if (ticket.account_id, ticket.username) == user]
    names = [ticket.account_name for ticket in tickets] + [item.account_name for item in stored]
    name = names[0] if names else desk.store.accounts().get(account_id, account_id)
    tags: Mapping[str, str] | None = None
    unread: str | None = "no AWS credentials are at hand"
    if cloud is not None:
        try:
            reading = cloud.read(UserSubject(account_id=account_id, username=UserName(username), parts=_PARTS))
            unread = None if reading.user_id is not None else "AWS has no user of this name in the account any more"
            if reading.user_id is not None:
                stored, tags = list(from_live(reading, name, username)), reading.tags
        except IamflowError as error:
            unread = str(error)
    if tags is None:
        stored = _newest(stored, tickets)
    now = desk.clock.now()
    return Explained(
        account_id=account_id,
        account_name=name,
        username=username,
        explanations=tuple(one for item in stored for one in explain(item, tags, desk.policy, now)),
        besides=_besides(desk, stored, tags, tickets),
        unread=unread,
    )


def _newest(stored: Sequence[Finding], tickets: Sequence[Ticket]) -> list[Finding]:
    """Return one finding a subject: what the ticket knows, where that is newer than what the reports say."""
    of_tickets = [
        Finding(
            account_id=ticket.account_id,
            account_name=ticket.account_name,
            username=ticket.username,
            key_id=ticket.access_key_id,
            facts=ticket.facts,
        )
        for ticket in tickets
    ]
    ordered = sorted((*stored, *of_tickets), key=lambda item: item.facts.as_of)
    return list({item.subject: item for item in ordered}.values())


def _besides(
    desk: Desk, found: Sequence[Finding], tags: Mapping[str, str] | None, tickets: Sequence[Ticket]
) -> tuple[str, ...]:
    """Return what else decides about the user of these findings."""
    policy, now = desk.policy, desk.clock.now()
    users = {(item.account_id, item.username) for item in found}
    managed = managed_by(tags or {}, policy.protection)
    running = desk.store.exemptions(running_at=now)
    sentences = [
        *(refusal(account_id, username, policy) for account_id, username in sorted(users)),
        protected_by_tag(tags or {}, policy.protection),
        f"managed by {managed} (protect.managed: {policy.protection.managed.value})" if managed is not None else None,
        *(in_words(one) for one in running if any(_covers(one, item, tags) for item in found)),
        *(f"ticket {ticket.id} ({ticket.workflow}) is {ticket.state.value}" for ticket in tickets if not ticket.ended),
        "tags are not known: overrides by tag may change this" if tags is None and policy.rules.by_tag else None,
    ]
    return tuple(sentence for sentence in sentences if sentence is not None)


def _covers(one: Exemption, item: Finding, tags: Mapping[str, str] | None) -> bool:
    """Return whether an exemption covers the subject of a finding, under whichever workflow it is about."""
    subject = Subject(
        account_id=item.account_id,
        account_name=item.account_name,
        username=item.username,
        key_id=item.key_id,
        workflow=one.covers.workflow,
    )
    return one.fits(subject, tags)
