"""The people of one account as a guardrail would reach them, read live and slowly enough not to be in anybody's way."""

from collections.abc import Iterator

from iamflow.aws.account import read_account, user_count
from iamflow.aws.answers import required
from iamflow.aws.budget import LookupBudget
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, refusal_of
from iamflow.aws.keys import last_use
from iamflow.aws.parts import console, mfa
from iamflow.aws.sessions import AccountSession
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.facts import KeyStatus, LastUse
from iamflow.domain.guardrail_people import AccountPeople, Seen
from iamflow.domain.ids import AccountId, KeyId, Region, UserName

MOST_USERS = 1000
"""How many users an account may have to be looked at: more take longer than a look may."""


def read_people(session: AccountSession, iam: Api, budget: LookupBudget, clock: Clock) -> AccountPeople:
    """Read every user of an account, and its root user. Raises ``BlockedError`` where it has too many of them."""
    count = user_count(iam)
    if count > MOST_USERS:
        message = f"account {session.account_id} has {count} users, more than iamflow looks at ({MOST_USERS})"
        raise BlockedError(message, code="too_many_users")
    account = read_account(session, iam, clock)
    place = (session.account_id, Region(iam.attempt.region))
    attempt = iam.attempt_at("ListUsers")
    names = [UserName(required(row, "UserName", attempt)) for row in iam.rows("ListUsers", "Users")]
    return AccountPeople(
        account_id=session.account_id,
        read_at=account.read_at,
        root_mfa=account.root_mfa,
        root_access_key=account.root_access_key,
        people=tuple(_seen(iam, names, budget, place)),
    )


def _seen(iam: Api, names: list[UserName], budget: LookupBudget, place: tuple[AccountId, Region]) -> Iterator[Seen]:
    for name in names:
        budget.wait_turn(*place)
        try:
            yield _one(iam, name)
        except PermanentError as error:
            # Deleted since the list was made: nobody is left to be denied anything.
            if refusal_of(error) is not Refusal.GONE:
                raise


def _one(iam: Api, name: UserName) -> Seen:
    keys = [
        KeyId(required(row, "AccessKeyId", iam.attempt_at("ListAccessKeys")))
        for row in iam.rows("ListAccessKeys", "AccessKeyMetadata", UserName=name)
        if row.get("Status") != KeyStatus.INACTIVE.value
    ]
    uses: dict[KeyId, LastUse] = {key: last_use(iam, name, key) for key in keys}
    return Seen(username=name, console=console(iam, name), mfa=bool(mfa(iam, name)), uses=uses, tags=_tags(iam, name))


def _tags(iam: Api, name: UserName) -> dict[str, str]:
    rows: list[Answer] = iam.call("GetUser", UserName=name).get("User", {}).get("Tags", [])
    attempt = iam.attempt_at("GetUser")
    return {required(row, "Key", attempt): str(row.get("Value", "")) for row in rows}
