"""An account's root user: how iamflow names it, and what AWS tells of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from iamflow.domain.ids import AccountId, UserName

ROOT_USER = UserName("<root_account>")
"""How credential reports name the root user. No IAM user can bear the name, so that it never reaches a call about users."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountReading:
    """A live reading of one account. A reading that failed is an error, never a reading. Times aware UTC."""

    read_at: datetime
    account_id: AccountId
    """What GetCallerIdentity said of the session that read."""
    root_mfa: bool
    root_access_key: bool
    """Whether the root user has any access key, Active or not: AWS does not tell the two apart."""
    aws_time: datetime | None = None
    """What AWS's own Date header said; None where it said nothing."""
    security_contact: str | None = None
    """The address that the account names for security matters; None for none, for not known, and where it was not asked for."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is wrong with the root user, as sentences; nothing where all is right."""
        return root_lacks(mfa=self.root_mfa, access_key=self.root_access_key)

    def clock_error(self) -> timedelta:
        """Return how far this host's clock is ahead of AWS's (behind, if negative); nothing where AWS did not say."""
        return self.read_at - self.aws_time if self.aws_time is not None else timedelta(0)


def root_lacks(*, mfa: bool | None, access_key: bool | None) -> tuple[str, ...]:
    """Return what is wrong with a root user, as sentences; what is not known is said to be so."""
    found = []
    if not mfa:
        found.append("it has no MFA device" if mfa is False else "whether it has an MFA device is not known")
    if access_key is not False:
        found.append("it has access keys" if access_key else "whether it has access keys is not known")
    return tuple(found)
