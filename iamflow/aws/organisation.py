"""What Organizations says: of a target and a policy, and of the member accounts under a target."""

from collections.abc import Callable, Iterator, Sequence

from iamflow.aws.answers import receipt_of, required, text
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.aws.parts import unless_gone
from iamflow.aws.sessions import AccountSession
from iamflow.domain.accounts import ACTIVE, MemberAccount
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError
from iamflow.domain.facts import UserReading
from iamflow.domain.guardrail import ControlPolicy, Member, OrganisationReading, is_account
from iamflow.domain.ids import AccountId
from iamflow.domain.subject import Governed

_TYPE = "SERVICE_CONTROL_POLICY"
_ENABLED = "ENABLED"


def read_organisation(session: AccountSession, api: Api, governed: Governed, clock: Clock) -> UserReading:
    """Read what Organizations says now of a target and of the policy of a name; the reading holds no user.

    ``read_at`` is the time before the first call. A target or a policy that does not exist is a result; whatever fails,
    raises: an account that does not manage an organisation is refused by AWS.
    """
    read_at = clock.now()
    answer = api.call("DescribeOrganization")
    name = _target_name(api, governed.target)
    return UserReading(
        read_at=read_at,
        account_id=session.account_id,
        user_id=None,
        aws_time=receipt_of(answer).at,
        organisation=OrganisationReading(
            management_account=_management_account(api, answer),
            enabled=_is_enabled(api),
            target_name=name,
            attached=() if name is None else _attached(api, governed.target),
            policy=_policy(api, governed.policy),
        ),
    )


def members(api: Api, target: str) -> tuple[Member, ...]:
    """Return the member accounts under a target that are in use, by id; never the management account, which no policy reaches."""
    home = _management_account(api, api.call("DescribeOrganization"))
    rows = _account(api, target) if is_account(target) else _under(api, target)
    attempt = api.attempt_at("ListAccountsForParent")
    found = {
        AccountId(required(row, "Id", attempt)): text(row.get("Name")) or "" for row in rows if _state(row) == ACTIVE
    }
    return tuple(Member(account_id=one, name=name) for one, name in sorted(found.items()) if one != home)


def all_accounts(
    own: Api, here: AccountId, by_role: Callable[[AccountId], Api], units: Sequence[str], *, tags: bool
) -> tuple[MemberAccount, ...]:
    """Return every account of the organisation, by id.

    This host's own credentials may do where it runs in the management account or in one that administration was delegated to.
    Where they are denied, iamflow's role ``here``, in the host's account, tells which account manages the organisation, as any
    member may (Organizations API reference, DescribeOrganization), and iamflow's role there lists the accounts.
    """
    try:
        return _listed(own, units, tags=tags)
    except BlockedError as error:
        if refusal_of(error) is not Refusal.DENIED:
            raise
    member = by_role(here)
    home = _management_account(member, member.call("DescribeOrganization"))
    return _listed(member if home == here else by_role(home), units, tags=tags)


def _listed(api: Api, units: Sequence[str], *, tags: bool) -> tuple[MemberAccount, ...]:
    attempt = api.attempt_at("ListAccounts")
    rows = {AccountId(required(row, "Id", attempt)): row for row in _rows(api, "ListAccounts", "Accounts")}
    under = {unit: {required(row, "Id", attempt) for row in _under(api, unit)} for unit in units}
    return tuple(
        MemberAccount(
            account_id=one,
            name=text(row.get("Name")) or "",
            state=_state(row) or "UNKNOWN",
            units=frozenset(unit for unit, members in under.items() if one in members),
            tags=_tags(api, one) if tags else {},
        )
        for one, row in sorted(rows.items())
    )


def _tags(api: Api, account_id: AccountId) -> dict[str, str]:
    attempt = api.attempt_at("ListTagsForResource")
    rows = _rows(api, "ListTagsForResource", "Tags", ResourceId=account_id)
    return {required(row, "Key", attempt): str(row.get("Value", "")) for row in rows}


def _state(row: Answer) -> str | None:
    """Return the account's state; Status is what the field was called before (Organizations API reference, Account)."""
    return text(row.get("State")) or text(row.get("Status"))


def _account(api: Api, target: str) -> list[Answer]:
    answer = unless_gone(api, "DescribeAccount", AccountId=target)
    return [] if answer is None else [answer.get("Account", {})]


def _under(api: Api, unit: str) -> Iterator[Answer]:
    yield from _rows(api, "ListAccountsForParent", "Accounts", ParentId=unit)
    attempt = api.attempt_at("ListOrganizationalUnitsForParent")
    for row in _rows(api, "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=unit):
        yield from _under(api, required(row, "Id", attempt))


def _management_account(api: Api, answer: Answer) -> AccountId:
    described = answer.get("Organization", {})
    return AccountId(required(described, "MasterAccountId", api.attempt_at("DescribeOrganization")))


def _is_enabled(api: Api) -> bool:
    kinds = [kind for root in _rows(api, "ListRoots", "Roots") for kind in root.get("PolicyTypes", [])]
    return any(kind.get("Type") == _TYPE and kind.get("Status") == _ENABLED for kind in kinds)


def _target_name(api: Api, target: str) -> str | None:
    if is_account(target):
        answer, key = unless_gone(api, "DescribeAccount", AccountId=target), "Account"
    else:
        answer = unless_gone(api, "DescribeOrganizationalUnit", OrganizationalUnitId=target)
        key = "OrganizationalUnit"
    return None if answer is None else text(answer.get(key, {}).get("Name")) or target


def _attached(api: Api, target: str) -> tuple[str, ...]:
    attempt = api.attempt_at("ListPoliciesForTarget")
    rows = _rows(api, "ListPoliciesForTarget", "Policies", TargetId=target, Filter=_TYPE)
    return tuple(required(row, "Id", attempt) for row in rows)


def _policy(api: Api, name: str) -> ControlPolicy | None:
    attempt = api.attempt_at("ListPolicies")
    found = [row for row in _rows(api, "ListPolicies", "Policies", Filter=_TYPE) if row.get("Name") == name]
    if not found:
        return None
    policy_id = required(found[0], "Id", attempt)
    answer = unless_gone(api, "DescribePolicy", PolicyId=policy_id)
    if answer is None:
        return None
    described = api.attempt_at("DescribePolicy")
    targets = api.attempt_at("ListTargetsForPolicy")
    return ControlPolicy(
        policy_id=policy_id,
        document=required(answer.get("Policy", {}), "Content", described),
        targets=tuple(
            required(row, "TargetId", targets)
            for row in _rows(api, "ListTargetsForPolicy", "Targets", PolicyId=policy_id)
        ),
    )


def _rows(api: Api, operation: str, key: str, **parameters: object) -> list[Answer]:
    """Return every row of a list that Organizations pages with NextToken. Raises ``TemporaryError`` where its end is unclear."""
    attempt = api.attempt_at(operation)
    found: list[Answer] = []
    seen: set[str] = set()
    more: dict[str, object] = {}
    while True:
        answer = api.call(operation, **parameters, **more)
        if not isinstance(answer.get(key), list):
            raise not_understood(attempt, f"lacks {key}")
        found += answer[key]
        token = text(answer.get("NextToken"))
        if token is None:
            return found
        if token in seen:
            raise not_understood(attempt, "goes on, but does not say where")
        seen.add(token)
        more = {"NextToken": token}
