"""What guardrails need read beside the organisation: what they would do in each member account, and what they denied.

Both take many calls, which AWS limits, so that a look does a part of it and leaves the rest to the next one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from iamflow.domain.decision import Denials
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.evidence import Attribute, Sweep, TrailEvent, TrailQuery
from iamflow.domain.guardrail import AccountPreview, Guardrail, Member, Preview, Watch, target_of
from iamflow.domain.guardrail_people import previewed
from iamflow.domain.ids import AccountId, Region
from iamflow.domain.ticket import Ticket
from iamflow.engine.deps import Engine
from iamflow.engine.sweeps import GLOBAL_REGION

_WITHIN = timedelta(seconds=60)
"""How long a look may read member accounts before it leaves the others to the next one: a lease lasts minutes."""
_QUESTIONS = 40
"""How many questions about denials a look asks CloudTrail; at the default of one a second in each account and region."""
_PAGES = 3
"""How many pages of an answer are read: whoever has more denials than fit on them is known to be denied."""
_MARGIN = timedelta(minutes=1)


def preview(engine: Engine, ticket: Ticket) -> Preview:
    """Return what the policy would do in every member account under its target, as far as this look gets.

    An account that does not let this host in, or has too many users, is told as unread: the preview is then not whole.
    Raises ``TemporaryError`` where an account cannot be read now.
    """
    members = engine.cloud.members(ticket.account_id, target_of(ticket.username))
    known = _known(ticket)
    accounts = [_standing(member, known.get(member.account_id)) for member in members]
    pending = {one.account_id for one in Preview(accounts=tuple(accounts)).pending(engine.now())}
    until = engine.now() + _WITHIN
    read: dict[AccountId, AccountPreview] = {}
    for member in members:
        # At least one in every look, so that a slow organisation is looked at in the end.
        if member.account_id in pending and (engine.now() < until or not read):
            read[member.account_id] = _read(engine, member)
    return Preview(accounts=tuple(read.get(one.account_id, one) for one in accounts))


def _known(ticket: Ticket) -> dict[AccountId, AccountPreview]:
    guardrail = ticket.progress.guardrail
    found = guardrail.preview.accounts if guardrail is not None and guardrail.preview is not None else ()
    return {one.account_id: one for one in found}


def _standing(member: Member, known: AccountPreview | None) -> AccountPreview:
    """Return what is known of an account by now. One that could not be read is tried again."""
    if known is None or known.unread is not None:
        return AccountPreview(account_id=member.account_id, name=member.name)
    return replace(known, name=member.name)


def _read(engine: Engine, member: Member) -> AccountPreview:
    try:
        found = engine.cloud.people(member.account_id)
    except BlockedError as error:
        return AccountPreview(account_id=member.account_id, name=member.name, read_at=engine.now(), unread=str(error))
    return previewed(member, found, engine.policy, engine.now())


def denials(engine: Engine, ticket: Ticket) -> Denials:
    """Return what CloudTrail shows to have been denied since the policy was attached, as far as this look gets.

    It asks about every user with a password or an Active key, by name: where the global services' events land, and where
    the user's keys were last used. Raises where an account or a region cannot be read now: that is never "nothing".
    """
    guardrail, now = ticket.progress.guardrail, engine.now()
    since = ticket.progress.deactivated_at
    if guardrail is None or since is None:
        message = "a search for what a guardrail denied that was never attached"
        raise AssertionError(message)
    questions = list(_questions(guardrail))
    watch = guardrail.watch or Watch(began_at=now)
    asked = watch.asked if watch.asked < len(questions) else 0
    began_at = watch.began_at if asked else now
    found: list[TrailEvent] = []
    for account_id, region, name in questions[asked : asked + _QUESTIONS]:
        query = TrailQuery(attribute=Attribute.USERNAME, value=name, start=since - _MARGIN, end=now)
        found += _asked(engine, account_id, region, query)
    asked += len(questions[asked : asked + _QUESTIONS])
    complete = asked >= len(questions)
    following = Watch(
        began_at=began_at,
        asked=0 if complete else asked,
        searched_at=began_at if complete else watch.searched_at,
    )
    return Denials(events=tuple(found), watch=following)


def _questions(guardrail: Guardrail) -> Iterator[tuple[AccountId, Region, str]]:
    for account in guardrail.preview.accounts if guardrail.preview is not None else ():
        for person in account.people:
            for region in dict.fromkeys((GLOBAL_REGION, *(Region(name) for name in person.regions))):
                yield account.account_id, region, person.username


def _asked(engine: Engine, account_id: AccountId, region: Region, query: TrailQuery) -> Iterator[TrailEvent]:
    token: str | None = None
    for _ in range(_PAGES):
        page = engine.cloud.look_up(account_id, region, query, token)
        yield from page.events
        if page.token is None:
            return
        if page.token == token:
            message = f"CloudTrail in {region} repeats a page token; its answer cannot be relied on"
            raise TemporaryError(message)
        token = page.token


def proof(engine: Engine, ticket: Ticket) -> Sweep:
    """Return the events by which a policy was attached, or deleted: Organizations' events name no resource to look up by."""
    policy = ticket.progress.guardrail.policy if ticket.progress.guardrail is not None else None
    kept = policy is not None and policy.removed_at is None
    at = policy.attached_at if policy is not None and kept else ticket.closed_at
    start = (at or ticket.opened_at) - timedelta(hours=1)
    end = min(engine.now(), start + timedelta(days=1))
    name = "AttachPolicy" if kept else "DeletePolicy"
    query = TrailQuery(attribute=Attribute.EVENT_NAME, value=name, start=start, end=end)
    events = tuple(_asked(engine, ticket.account_id, GLOBAL_REGION, query))
    return Sweep(run_at=engine.now(), start=start, end=end, regions=(GLOBAL_REGION,), events=events)
