"""Tickets that a person opens by hand. Whoever opens one is its requester, and cannot approve it."""

from dataclasses import dataclass, replace
from datetime import datetime

from iamflow.domain import guardrail
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.exemption import Subject, covering
from iamflow.domain.facts import Facts, KeyFacts, KeyStatus, LastUse, RootFacts, TargetFacts, UserFacts
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.migration import first_discovery, started
from iamflow.domain.root import ROOT_USER
from iamflow.domain.states import State
from iamflow.domain.subject import About, subject_id
from iamflow.domain.ticket import NewTicket, Progress, Ticket
from iamflow.engine.admission import actor_of, refusal
from iamflow.engine.steer import Desk
from iamflow.workflows import registry
from iamflow.workflows.workflow import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What a person names for a ticket to be about, besides the account."""

    username: str | None = None
    key_id: KeyId | None = None
    target: str | None = None
    """The id of an organisational unit or of a member account."""


def open_by_hand(desk: Desk, workflow: str, account_id: AccountId, named: Named) -> Ticket:
    """Open one ticket for one key, user, root user or target of the organisation that a person names.

    Raises ``RefusedError`` where the account or the user is not iamflow's to touch, the subject has an open ticket, or the
    workflow is about another kind of subject.
    """
    if not desk.person.known:
        message = "nobody can be told to have opened this ticket: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    current = registry.current(workflow)
    if not current.by_name:
        message = f"a {workflow} ticket is not opened by a name: iamflow ticket restore ID does it"
        raise RefusedError(message)
    username, key_id = _subject(current, account_id, named), named.key_id
    reason = refusal(account_id, username, desk.policy)
    if reason is not None:
        raise RefusedError(reason)
    now = desk.clock.now()
    subject = subject_id(account_id, username, key_id)
    new = NewTicket(
        workflow=current.name,
        workflow_version=current.table.version,
        account_id=account_id,
        account_name=desk.store.accounts().get(account_id, account_id),
        username=username,
        access_key_id=key_id,
        requester=desk.person,
        facts=_unknown(desk, current.about, named.target),
        progress=Progress(once_rolled_back=subject in desk.store.ever_rolled_back([subject])),
        opened_at=now,
        due_at=now,
    )
    what = key_id or named.target or (f"user {username}" if current.about is About.USER else "the root user")
    return _opened(desk, new, what)


_FOLLOWED = frozenset({"disable-key", "rotate-key"})


def open_from(desk: Desk, ref: str, *, not_before: datetime | None = None) -> Ticket:
    """Open the ticket that follows one whose key was given back: what used the key is to take a role instead.

    What was seen of the key's use comes with it as its first discovery. Nothing is made before ``not_before`` (UTC).
    Raises ``RefusedError`` for a ticket that was not rolled back, and as ``open_by_hand`` does.
    """
    if not desk.person.known:
        message = "nobody can be told to have opened this ticket: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    before = desk.store.ticket(ref)
    if before.workflow not in _FOLLOWED or before.state is not State.ROLLED_BACK:
        message = (
            f"ticket {before.id} ({before.workflow}, {before.state.value}) is not followed by another: "
            f"only {' and '.join(sorted(_FOLLOWED))} tickets are that were rolled back"
        )
        raise RefusedError(message)
    reason = refusal(before.account_id, before.username, desk.policy)
    if reason is not None:
        raise RefusedError(reason)
    current, now = registry.current("migrate-to-role"), desk.clock.now()
    new = NewTicket(
        workflow=current.name,
        workflow_version=current.table.version,
        account_id=before.account_id,
        account_name=before.account_name,
        username=before.username,
        access_key_id=before.access_key_id,
        requester=desk.person,
        facts=before.facts,
        progress=Progress(once_rolled_back=True),
        opened_at=now,
        due_at=now,
        parent_id=before.id,
        migration=replace(
            started(not_before), discovery=first_discovery(before.baseline, before.progress.signals, now)
        ),
    )
    return _opened(desk, new, str(before.access_key_id))


def _opened(desk: Desk, new: NewTicket, what: str) -> Ticket:
    subject = Subject(
        account_id=new.account_id,
        account_name=new.account_name,
        username=new.username,
        key_id=new.access_key_id,
        workflow=new.workflow,
    )
    now = desk.clock.now()
    exempt = covering(desk.store.exemptions(running_at=now), subject, None, now)
    if exempt is not None:
        message = (
            f"exemption {exempt.id} covers {what} until {exempt.until:%Y-%m-%d}: iamflow exemption end {exempt.id}"
        )
        raise RefusedError(message)
    opened = desk.store.open_new([new], actor_of(desk.person))
    if not opened:
        standing = desk.store.open_tickets([new.subject]).get(new.subject)
        message = f"{what} has an open ticket already" + (f": {standing.id}" if standing is not None else "")
        raise RefusedError(message)
    return opened[0]


_WANTED = {
    About.KEY: "an access key: give its user (--user) and its whole id (--key)",
    About.USER: "a user, not a key: give --user alone",
    About.ROOT: "an account's root user: leave --user, --key and --target out",
    About.TARGET: "an organisational unit or a member account: give --target alone, with the management account (--account)",
}


def _subject(workflow: Workflow, account_id: AccountId, named: Named) -> UserName:
    """Return the name under which the ticket stands. Raises ``RefusedError`` where something else was named."""
    given = {About.USER: named.username, About.KEY: named.key_id, About.TARGET: named.target}
    wanted = {About.KEY: {About.USER, About.KEY}, About.ROOT: set[About]()}.get(workflow.about, {workflow.about})
    if {about for about, value in given.items() if value is not None} != wanted:
        message = f"{workflow.name} is about {_WANTED[workflow.about]}"
        raise RefusedError(message)
    if named.target is not None:
        return _target(account_id, named.target)
    return ROOT_USER if named.username is None else UserName(named.username)


def _target(account_id: AccountId, target: str) -> UserName:
    if not guardrail.is_target(target):
        message = f"{target!r} is neither an organisational unit (ou-…) nor an account id (12 digits)"
        raise RefusedError(message)
    if target == account_id:
        message = f"a service control policy does not reach the management account {account_id}: name a unit or a member account"
        raise RefusedError(message)
    return guardrail.named(target)


def _unknown(desk: Desk, about: About, target: str | None) -> Facts:
    """Return what is known of a subject that a person has only named: nothing, until AWS is read."""
    now = desk.clock.now()
    if about is About.KEY:
        return KeyFacts(status=KeyStatus.ACTIVE, created_at=now, last_use=LastUse(), as_of=now, source="by hand")
    if about is About.TARGET:
        return TargetFacts(target=target or "", target_name=None, as_of=now, source="by hand")
    if about is About.ROOT:
        return RootFacts(mfa=None, access_key=None, last_login=None, as_of=now, source="by hand")
    return UserFacts(
        console=True,
        mfa=False,
        password_last_used=None,
        key_last_used=None,
        created_at=None,
        as_of=now,
        source="by hand",
    )
