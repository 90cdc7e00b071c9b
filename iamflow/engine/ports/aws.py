"""AWS, over many accounts."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.effect import Effect, EffectKind, Receipt
from iamflow.domain.evidence import TrailEvent, TrailQuery
from iamflow.domain.facts import KeyState, LastUse, RegionSet, UserReading
from iamflow.domain.guardrail import Member
from iamflow.domain.guardrail_people import AccountPeople
from iamflow.domain.ids import AccountId, KeyId, Region, TicketId, UserName
from iamflow.domain.migration import Grants, Workloads
from iamflow.domain.people import Identity
from iamflow.domain.rights import Rights
from iamflow.domain.root import AccountReading
from iamflow.domain.subject import UserSubject


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailPage:
    """One page of events, newest first; ``token`` None ends it."""

    events: tuple[TrailEvent, ...]
    token: str | None = None


class Step(Protocol):
    """The mutating session of one ticket step: its own role session, narrowed to the one user."""

    def read(self) -> UserReading:
        """Read the subject freshly, through this very session."""
        ...

    def apply(self, effect: Effect) -> Receipt:
        """Make the one call, without any retry.

        Raises ``UncertainError`` when no answer came, ``TemporaryError`` when AWS certainly did not do it and may later,
        ``BlockedError`` or ``PermanentError`` when it refused.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialReport:
    """An account's credential report as AWS handed it out, which ``domain.credential_report`` reads."""

    text: str
    generated_at: datetime
    """When AWS made it (UTC): up to four hours before it was fetched."""


class Survey(Protocol):
    """A look through one account, in a session of its own and within the account's budget of calls. Changes nothing."""

    def report(self) -> CredentialReport:
        """Have a credential report made, wait for it a little, and fetch it.

        Raises ``TemporaryError`` where it is not ready in time.
        """
        ...

    def keys(self, username: UserName) -> Sequence[KeyState] | None:
        """Return the access keys of a user; None for a user who is gone."""
        ...

    def last_use(self, username: UserName, key_id: KeyId) -> LastUse | None:
        """Return the last use of one key; None for a key that is gone."""
        ...

    def service_credentials(self, username: UserName) -> int | None:
        """Return how many credentials of single services work for a user; None for a user who is gone."""
        ...

    def account(self) -> AccountReading:
        """Return what GetAccountSummary tells of the root user."""
        ...


class Cloud(Protocol):
    """AWS, over many accounts. Reads share one cached session per account, and are retried within the call's time.

    Raises ``TemporaryError`` for what may pass, ``BlockedError`` (``code`` ``access``) with the remedy where a role cannot be
    assumed or a call is denied. Nothing that failed is ever returned as empty.
    """

    def read(self, subject: UserSubject) -> UserReading:
        """Read user, tags, keys, last use and attached quarantine policies of the subject now."""
        ...

    def read_account(self, account_id: AccountId) -> AccountReading:
        """Read what AWS tells of the account's root user now."""
        ...

    def organisation_accounts(self, units: Sequence[str] = (), *, tags: bool = False) -> Sequence[MemberAccount]:
        """List the accounts of the organisation, in whatever state, with which of these units they lie under and their tags.

        Raises ``BlockedError`` where this host may not list them, ``PermanentError`` where there is no organisation.
        """
        ...

    def survey(self, account_id: AccountId) -> AbstractContextManager[Survey]:
        """Open a session for a look through an account. Raises as every call does where it lets nobody in."""
        ...

    def put_object(self, bucket: str, name: str, file: Path) -> None:
        """Put a file into S3, with this host's own credentials."""
        ...

    def security_contact(self, account_id: AccountId) -> str | None:
        """Return the mail address that the account names for security matters (may be up to an hour old).

        None where it names none, and where that cannot be found out: it is never a reason for an error.
        """
        ...

    def members(self, account_id: AccountId, target: str) -> Sequence[Member]:
        """Read which member accounts lie under a target of the organisation that this account manages now."""
        ...

    def people(self, account_id: AccountId) -> AccountPeople:
        """Read every user of an account now, and its root user. Raises ``BlockedError`` where there are too many."""
        ...

    def rights(self, subject: UserSubject) -> Rights:
        """Return the policies that bear on what the user may do: his own, his groups', his permissions boundary."""
        ...

    def grants(self, subject: UserSubject, roles: Sequence[str]) -> Grants:
        """Return the policies that a role in the key's place needs: of the user, his groups, and these roles (ARNs)."""
        ...

    def usage(self, subject: UserSubject, addresses: Sequence[str], named: Sequence[str]) -> Workloads:
        """Return what uses the subject's key, in every region: what holds it, or has one of these addresses, or is named (ARNs).

        What may not be looked through is told in the answer; never is it left out.
        """
        ...

    def regions(self, account_id: AccountId) -> RegionSet:
        """Return the regions to be read: those enabled in the account, or those that the settings name."""
        ...

    def user_count(self, account_id: AccountId) -> int:
        """Return the number of IAM users from GetAccountSummary (may be up to an hour old)."""
        ...

    def key_quota(self, account_id: AccountId) -> int:
        """Return how many access keys a user of the account may have (may be up to an hour old)."""
        ...

    def look_up(
        self,
        account_id: AccountId,
        region: Region,
        query: TrailQuery,
        token: str | None = None,
    ) -> TrailPage:
        """Return one page of LookupEvents, within the account's and region's budget.

        Raises ``BlockedError`` with ``code`` ``region_denied`` where the region is denied for good.
        """
        ...

    def step(self, subject: UserSubject, ticket_id: TicketId, effect: EffectKind) -> AbstractContextManager[Step]:
        """Open the mutating session for one step of a ticket."""
        ...

    def caller(self) -> Identity:
        """Return the person that this host's own AWS credentials stand for; unknown for iamflow's role or an instance profile."""
        ...
