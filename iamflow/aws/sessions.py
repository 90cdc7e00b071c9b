"""Sessions in accounts: one for all reads of an account, and one for each step that changes something (DESIGN 8.6)."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from iamflow.aws.answers import instant, receipt_of, text
from iamflow.aws.arns import account_of, as_principal, checked_account, role_arn, session_name
from iamflow.aws.clients import ONCE, PAUSES, Answer, Api, Clients, Credentials, Wanted
from iamflow.aws.errors import ACCESS, Attempt, Refusal, not_understood, refusal_of, unopened
from iamflow.aws.permissions import one_line, trust_policy
from iamflow.aws.settings import AwsSettings
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError
from iamflow.domain.ids import AccountId, TicketId

LONGEST = timedelta(hours=1)
"""Role chaining caps a session at an hour, and a longer DurationSeconds fails (STS API reference, AssumeRole)."""
SHORTEST = timedelta(minutes=15)
"""The least that STS hands out, and plenty for one step."""
_EARLY = timedelta(minutes=5)
"""How long before its end a session is replaced, so that none ends in the middle of something."""
_REMEMBERED = timedelta(minutes=1)
"""How long an account that lets nobody in is not tried again: hundreds of tickets may be about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """Credentials that work somewhere, and the clients that sign with them."""

    account_id: AccountId | None
    """The account that was asked for; None for this host's own credentials."""
    profile: str | None
    credentials: Credentials | None
    client: Callable[[Wanted], BaseClient]
    lost: Callable[[], None]
    """Called when AWS does not accept the credentials any more."""
    wait: Callable[[float], None]

    def reading(self, service: str, region: str, *, pauses: tuple[float, ...] = PAUSES) -> Api:
        """Return a service in a region, to read from; a call that fails for now is tried again after each pause."""
        return self._api(service, pauses, Attempt(action=service, region=region, account_id=self.account_id))

    def changing(self, service: str, region: str) -> Api:
        """Return a service in a region, to change something: no call is ever tried twice."""
        attempt = Attempt(action=service, region=region, account_id=self.account_id, changes=True)
        return self._api(service, ONCE, attempt)

    def _api(self, service: str, pauses: tuple[float, ...], attempt: Attempt) -> Api:
        own = self.credentials
        wanted = Wanted(service=service, region=attempt.region, profile=self.profile, of_a_role=own is not None)
        try:
            client = self.client(wanted)
        except BotoCoreError as error:
            raise unopened(error, attempt) from error
        return Api(client=client, attempt=attempt, lost=self.lost, wait=self.wait, pauses=pauses, credentials=own)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSession:
    """A session in an account. ``account_id`` and ``arn`` are what GetCallerIdentity said of this very session."""

    connection: Connection
    account_id: AccountId
    arn: str
    renew_at: datetime
    """From when on another one is opened instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lease:
    """What AssumeRole handed out."""

    credentials: Credentials
    lifetime: timedelta
    arn: str | None
    """The session's own ARN; None where the answer lacks it."""


class Sessions:
    """Opens sessions. Safe to share between threads: an account's session is opened by one of them, the others wait."""

    def __init__(self, settings: AwsSettings, clients: Clients, clock: Clock) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._clients = clients
        self._clock = clock
        self._lock = threading.Lock()
        self._opening: defaultdict[AccountId | None, threading.Lock] = defaultdict(threading.Lock)
        self._open: dict[AccountId, AccountSession] = {}
        self._refused: dict[AccountId, tuple[datetime, BlockedError]] = {}
        self._caller: str | None = None

    def base(self) -> Connection:
        """Return the connection that this host's own credentials give."""
        return Connection(
            account_id=None,
            profile=None,
            credentials=None,
            client=self._clients.get,
            lost=self._forget_base,
            wait=self._clock.sleep,
        )

    def caller_arn(self) -> str:
        """Return the ARN that GetCallerIdentity gives for this host's own credentials; asked once."""
        with self._lock_for(None):
            if self._caller is None:
                # Once: a person may be waiting at the keyboard for no more than to have it recorded who they are.
                self._caller = self._identity(self.base(), pauses=ONCE)[1]
            return self._caller

    def for_reads(self, account_id: AccountId) -> AccountSession:
        """Return the account's session for reads, a fresh one where there is none or it is about to end.

        Raises ``BlockedError`` (``access``) where the account does not let this host in.
        """
        checked_account(account_id)
        with self._lock_for(account_id):
            known = self._open.get(account_id)
            if known is None or self._clock.now() >= known.renew_at:
                known = self._opened(account_id)
                self._open[account_id] = known
            return known

    @contextmanager
    def for_step(self, account_id: AccountId, ticket_id: TicketId, policy: str) -> Iterator[AccountSession]:
        """Open a session for one step of a ticket, narrowed by a session policy.

        Where the account is reached with a profile's or the host's own credentials there is no role to assume, and so
        nothing that could be narrowed: the step then goes through the account's session for reads.
        """
        if not self._assumes(account_id):
            yield self.for_reads(account_id)
            return
        name = session_name(self._settings.instance, ticket_id)
        lease = self._assume(account_id, RoleSessionName=name, Policy=policy, DurationSeconds=_seconds(SHORTEST))
        yield self._known(account_id, None, lease)

    def for_survey(self, account_id: AccountId) -> AccountSession:
        """Open a session for one look through an account.

        Whose account it is in, AssumeRole's own answer says, which saves a call for each account; a look changes nothing, and
        the report that it fetches names its account on every row.
        """
        checked_account(account_id)
        if not self._assumes(account_id):
            return self.for_reads(account_id)
        name = session_name(self._settings.instance)
        lease = self._assume(account_id, RoleSessionName=name, DurationSeconds=_seconds(LONGEST))
        return self._known(account_id, None, lease, told=lease.arn)

    def _opened(self, account_id: AccountId) -> AccountSession:
        if not self._assumes(account_id):
            return self._known(account_id, self._settings.profiles.get(account_id), None)
        name = session_name(self._settings.instance)
        lease = self._assume(account_id, RoleSessionName=name, DurationSeconds=_seconds(LONGEST))
        return self._known(account_id, None, lease)

    def _assumes(self, account_id: AccountId) -> bool:
        return self._settings.role_name is not None and account_id not in self._settings.profiles

    def _known(
        self, account_id: AccountId, profile: str | None, lease: _Lease | None, *, told: str | None = None
    ) -> AccountSession:
        """Ask who the session is, once, unless that was told; refuse one that turns out to be in another account."""
        connection = Connection(
            account_id=account_id,
            profile=profile,
            credentials=lease.credentials if lease else None,
            client=self._clients.get,
            lost=lambda: self._forget(account_id, profile, own=lease is None),
            wait=self._clock.sleep,
        )
        account = None if told is None else account_of(told)
        seen, arn = self._identity(connection) if told is None or account is None else (account, told)
        if seen != account_id:
            message = (
                f"account {account_id}: the credentials for it are those of account {seen}: "
                f"set aws.role_name, or an AWS profile of that account under aws.profiles"
            )
            raise BlockedError(message, code=ACCESS)
        lifetime = lease.lifetime if lease else LONGEST
        renew_at = self._clock.now() + lifetime - _EARLY
        return AccountSession(connection=connection, account_id=seen, arn=arn, renew_at=renew_at)

    def _identity(self, connection: Connection, pauses: tuple[float, ...] = PAUSES) -> tuple[AccountId, str]:
        sts = connection.reading("sts", self._clients.region, pauses=pauses)
        answer = sts.call("GetCallerIdentity")
        account, arn = text(answer.get("Account")), text(answer.get("Arn"))
        if account is None or arn is None:
            raise not_understood(sts.attempt_at("GetCallerIdentity"), "lacks Account or Arn")
        return AccountId(account), arn

    def _assume(self, account_id: AccountId, **parameters: object) -> _Lease:
        """Assume the account's role; an account that refused a moment ago is not asked again."""
        self._raise_refusal(account_id)
        arn = role_arn(self._settings.role_name or "", self._clients.partition, account_id)
        if self._settings.external_id is not None:
            parameters["ExternalId"] = self._settings.external_id
        sts = self.base().reading("sts", self._clients.region)
        try:
            answer = sts.call("AssumeRole", RoleArn=arn, **parameters)
        except BlockedError as error:
            refused = self._not_trusted(account_id, arn) if refusal_of(error) is Refusal.DENIED else error
            with self._lock:
                self._refused[account_id] = (self._clock.now() + _REMEMBERED, refused)
            raise refused from error
        return self._lease(answer, sts)

    def _raise_refusal(self, account_id: AccountId) -> None:
        with self._lock:
            until, refused = self._refused.get(account_id, (self._clock.now(), None))
            if refused is not None and self._clock.now() < until:
                raise BlockedError(str(refused), code=refused.code)
            self._refused.pop(account_id, None)

    def _not_trusted(self, account_id: AccountId, arn: str) -> BlockedError:
        trust = one_line(trust_policy(as_principal(self.caller_arn()), self._settings.external_id))
        return BlockedError(
            f"account {account_id}: the role {arn} cannot be assumed: it must exist, this host must be allowed "
            f"sts:AssumeRole on it, and its trust policy must be {trust}",
            code=ACCESS,
        )

    def _lease(self, answer: Answer, sts: Api) -> _Lease:
        """Read AssumeRole's answer. How long it lasts is counted by AWS's own clock, from the Date header."""
        given = answer.get("Credentials", {})
        parts = [text(given.get(name)) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        ends = instant(given.get("Expiration"))
        key_id, secret, token = parts
        if key_id is None or secret is None or token is None or ends is None:
            raise not_understood(sts.attempt_at("AssumeRole"), "lacks credentials or their expiration")
        lifetime = ends - (receipt_of(answer).at or self._clock.now())
        # STS hands out nothing shorter or longer: anything else is two clocks that disagree.
        lifetime = min(max(lifetime, SHORTEST), LONGEST)
        return _Lease(
            credentials=Credentials(access_key_id=key_id, secret=secret, token=token),
            lifetime=lifetime,
            arn=text(answer.get("AssumedRoleUser", {}).get("Arn")),
        )

    def _lock_for(self, account_id: AccountId | None) -> threading.Lock:
        with self._lock:
            return self._opening[account_id]

    def _forget(self, account_id: AccountId, profile: str | None, *, own: bool) -> None:
        # Without that lock: this is called from within a call that may hold it.
        self._open.pop(account_id, None)
        if own:
            self._clients.forget(profile)

    def _forget_base(self) -> None:
        self._caller = None
        self._clients.forget(None)


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
