"""Tickets that a person opens by hand. Whoever opens one is its requester, and cannot approve it."""

from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.facts import Facts, KeyFacts, KeyStatus, LastUse, UserFacts
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.subject import subject_id
from iamflow.domain.ticket import NewTicket, Progress, Ticket
from iamflow.engine.intake import actor_of, refusal
from iamflow.engine.steer import Desk
from iamflow.workflows import registry


def open_by_hand(
    desk: Desk, workflow: str, account_id: AccountId, username: str, key_id: KeyId | None = None
) -> Ticket:
    """Open one ticket for one key or user that a person names.

    Raises ``RefusedError`` where the account or the user is not iamflow's to touch, the subject has an open ticket, or the
    workflow is about another kind of subject.
    """
    if not desk.person.known:
        message = "nobody can be told to have opened this ticket: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    current = registry.current(workflow)
    if current.about_key is not (key_id is not None):
        wanted = (
            "an access key: give its whole id (--key)" if current.about_key else "a user, not a key: leave --key out"
        )
        message = f"{workflow} is about {wanted}"
        raise RefusedError(message)
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
        username=UserName(username),
        access_key_id=key_id,
        requester=desk.person,
        facts=_unknown(desk, key_id),
        progress=Progress(once_rolled_back=subject in desk.store.ever_rolled_back([subject])),
        opened_at=now,
        due_at=now,
    )
    opened = desk.store.open_new([new], actor_of(desk.person))
    if not opened:
        standing = desk.store.open_tickets([subject]).get(subject)
        what = key_id if key_id is not None else f"user {username}"
        message = f"{what} has an open ticket already" + (f": {standing.id}" if standing is not None else "")
        raise RefusedError(message)
    return opened[0]


def _unknown(desk: Desk, key_id: KeyId | None) -> Facts:
    """Return what is known of a subject that a person has only named: nothing, until AWS is read."""
    now = desk.clock.now()
    if key_id is not None:
        return KeyFacts(status=KeyStatus.ACTIVE, created_at=now, last_use=LastUse(), as_of=now, source="by hand")
    return UserFacts(
        console=True,
        mfa=False,
        password_last_used=None,
        key_last_used=None,
        created_at=None,
        as_of=now,
        source="by hand",
    )
