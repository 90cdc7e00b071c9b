"""What IAM says about an account and its root user."""

from collections.abc import Mapping

from iamflow.aws.answers import receipt_of
from iamflow.aws.clients import Api
from iamflow.aws.errors import not_understood
from iamflow.aws.sessions import AccountSession
from iamflow.domain.clock import Clock
from iamflow.domain.root import AccountReading


def read_account(session: AccountSession, iam: Api, clock: Clock) -> AccountReading:
    """Read GetAccountSummary now. Raises ``TemporaryError`` where it does not say plainly what it is asked for."""
    read_at = clock.now()
    answer = iam.call("GetAccountSummary")
    summary = answer.get("SummaryMap", {})
    return AccountReading(
        read_at=read_at,
        account_id=session.account_id,
        root_mfa=_count(iam, summary, "AccountMFAEnabled") > 0,
        root_access_key=_count(iam, summary, "AccountAccessKeysPresent") > 0,
        aws_time=receipt_of(answer).at,
    )


def user_count(iam: Api) -> int:
    """Return the number of IAM users that GetAccountSummary tells."""
    return _count(iam, iam.call("GetAccountSummary").get("SummaryMap", {}), "Users")


def key_quota(iam: Api) -> int:
    """Return how many access keys GetAccountSummary says that a user may have."""
    return _count(iam, iam.call("GetAccountSummary").get("SummaryMap", {}), "AccessKeysPerUserQuota")


def _count(iam: Api, summary: Mapping[str, object], name: str) -> int:
    found = summary.get(name)
    if not isinstance(found, int):
        raise not_understood(iam.attempt_at("GetAccountSummary"), f"lacks {name}")
    return found
