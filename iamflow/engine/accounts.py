"""Which accounts are looked at: what the settings choose, held against what the organisation says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.errors import BlockedError, ConfigError, IamflowError, PermanentError, RefusedError, TemporaryError
from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.engine.ports import Cloud

REMEDY = (
    "allow organizations:ListAccounts and organizations:DescribeOrganization to this host, or to iamflow's role in the "
    "management account (iamflow policy show --role observer), or list the accounts by their ids: accounts.include"
)
"""What to do where the organisation does not tell its accounts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The accounts to look through, those that are chosen but cannot be entered, and what the person should know about it."""

    scope: AccountScope
    """What the settings choose, with ids in the place of patterns."""
    chosen: tuple[MemberAccount, ...]
    skipped: tuple[MemberAccount, ...] = ()
    remark: str | None = None


def select(cloud: Cloud, scope: AccountScope, only: Sequence[AccountId], names: Mapping[AccountId, str]) -> Selection:
    """Return which accounts to look through: those of the organisation that the settings choose, or of these ``only``.

    Where the accounts are named by their ids, the organisation is asked for their names and states alone, and may refuse; else
    it must answer. ``names`` are known from elsewhere. Raises ``RefusedError`` for an account that the settings leave out,
    ``BlockedError`` and ``TemporaryError`` where the organisation cannot be asked, ``ConfigError`` where nothing is chosen.
    """
    listed, remark = _listed(cloud, scope, by_id=bool(only) or scope.include is not None)
    known = {account.account_id: account for account in listed or ()}
    resolved = scope if listed is None else scope.resolved(listed)
    wanted = list(dict.fromkeys(only)) or sorted(_all(resolved, listed or ()))
    left_out = next((one for one in only if not resolved.selected(one)), None)
    if left_out is not None:
        message = f"account {left_out} is left out by the settings (accounts.include, accounts.exclude)"
        raise RefusedError(message)
    found = [known.get(one, MemberAccount(account_id=one, name=names.get(one, one))) for one in wanted]
    if not found:
        message = "no account is chosen: see accounts.include and accounts.exclude in the settings"
        raise ConfigError(message)
    return Selection(
        scope=resolved,
        chosen=tuple(account for account in found if account.active),
        skipped=tuple(account for account in found if not account.active),
        remark=remark,
    )


def resolved_policy(cloud: Cloud, policy: Policy) -> Policy:
    """Return the settings with ids in the place of patterns for accounts. Without patterns, nothing is asked.

    Raises as ``select`` does: where nobody can tell which accounts are left out, nothing may be done in any.
    """
    if not policy.scope.patterns:
        return policy
    listed, _ = _listed(cloud, policy.scope, by_id=False)
    return replace(policy, scope=policy.scope.resolved(listed or ()))


def _all(scope: AccountScope, listed: Sequence[MemberAccount]) -> set[AccountId]:
    ids = {account.account_id for account in listed} if scope.include is None else set(scope.include)
    return {one for one in ids if scope.selected(one)}


def _listed(cloud: Cloud, scope: AccountScope, *, by_id: bool) -> tuple[Sequence[MemberAccount] | None, str | None]:
    """Return the organisation's accounts; None, with the reason, where they cannot be had and the ids alone will do."""
    try:
        return cloud.organisation_accounts(scope.units, tags=scope.by_tags), None
    except (BlockedError, PermanentError, TemporaryError) as error:
        if by_id and not scope.patterns:
            return None, f"names and states of accounts are not known: {error}"
        raise _told(error) from error


def _told(error: IamflowError) -> IamflowError:
    message = f"the organisation's accounts cannot be listed: {error}"
    if isinstance(error, TemporaryError):
        return TemporaryError(message, retry_after=error.retry_after)
    return BlockedError(f"{message}: {REMEDY}", code="access")
