"""AWS over many accounts, as the engine sees it. Importing this imports boto3."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from iamflow.aws.account import key_quota, read_account, user_count
from iamflow.aws.answers import receipt_of, text
from iamflow.aws.arns import role_of
from iamflow.aws.budget import LookupBudget
from iamflow.aws.cache import HourCache
from iamflow.aws.checks import check
from iamflow.aws.clients import ONCE, Api, Clients
from iamflow.aws.contacts import REGIONS, Contacts
from iamflow.aws.delivered import names
from iamflow.aws.delivered.reader import Access, BucketReader
from iamflow.aws.errors import ACCESS, Refusal, refusal_of
from iamflow.aws.grants import read as read_grants
from iamflow.aws.keys import read_user
from iamflow.aws.objects import put
from iamflow.aws.organisation import all_accounts, members
from iamflow.aws.people import read_people
from iamflow.aws.permissions import session_policy
from iamflow.aws.regions import enabled, to_read
from iamflow.aws.reports import Copied, address_of, copy_newest
from iamflow.aws.rights import read_rights
from iamflow.aws.security_hub import AwsSecurityHub
from iamflow.aws.sessions import Sessions
from iamflow.aws.settings import AwsSettings, TrailBucket
from iamflow.aws.step import AwsStep
from iamflow.aws.survey import AwsSurvey
from iamflow.aws.trail import TrailReader
from iamflow.aws.usage import Question, find
from iamflow.domain.accounts import MemberAccount
from iamflow.domain.asff import Place
from iamflow.domain.clock import Clock
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError, ConfigError, IamflowError, PermanentError
from iamflow.domain.evidence import TrailQuery
from iamflow.domain.facts import RegionSet, UserReading
from iamflow.domain.guardrail import Member
from iamflow.domain.guardrail_people import AccountPeople
from iamflow.domain.ids import AccountId, Region, TicketId
from iamflow.domain.migration import Grants, Workloads
from iamflow.domain.people import Identity
from iamflow.domain.rights import Rights
from iamflow.domain.root import AccountReading
from iamflow.domain.subject import UserSubject
from iamflow.engine.ports import Step, Survey, TrailPage

# IAM is one service for a whole partition, signed for this region (AWS General Reference, IAM endpoints).
_IAM_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
# How botocore calls credentials that belong to a machine, not to a person.
_MACHINES = frozenset({"iam-role", "container-role", "assume-role-with-web-identity"})
_READS_PER_SECOND = 10.0
"""Users of one account that are looked at in a second, and calls of a survey; IAM's limits are not documented, and shared."""
_INSTANCE = "i-"
_REGION_IN_ARN, _ACCOUNT_IN_ARN = 3, 4


def open_cloud(settings: AwsSettings, clock: Clock) -> "AwsCloud":
    """Return AWS as these settings reach it. Nothing is called yet.

    Raises ``ConfigError`` for settings that cannot be used: an endpoint that is not AWS's own outside the sandbox,
    wherever it is named; no endpoint inside it; an unknown profile; a role ARN for one account only; an idle budget.
    """
    check(settings)
    return AwsCloud(settings, Clients(settings), clock)


class AwsCloud:
    """Fulfils ``iamflow.engine.ports.Cloud``. Safe to share between threads."""

    def __init__(self, settings: AwsSettings, clients: Clients, clock: Clock) -> None:
        """Work by these settings; see ``open_cloud``."""
        self._settings = settings
        self._clients = clients
        self._clock = clock
        self._sessions = Sessions(settings, clients, clock)
        self._trail = TrailReader(LookupBudget(clock, settings.trail_lookups_per_second))
        self._iam_budget = LookupBudget(clock, _READS_PER_SECOND)
        self._delivered = BucketReader(clock)
        self._iam_region = _IAM_REGIONS.get(clients.partition, clients.region)
        self._regions: HourCache[tuple[Region, ...]] = HourCache(clock)
        self._counts: HourCache[int] = HourCache(clock)
        self._quotas: HourCache[int] = HourCache(clock)
        self._contacts = Contacts(clock)

    def read(self, subject: UserSubject) -> UserReading:
        """Read user, tags, keys, last use and attached quarantine policies of the subject now: four calls."""
        session = self._sessions.for_reads(subject.account_id)
        placed = self._placed(subject)
        return read_user(session, session.connection.reading("iam", self._iam_region), placed, self._clock)

    def read_account(self, account_id: AccountId) -> AccountReading:
        """Read what GetAccountSummary tells of the account's root user now."""
        session = self._sessions.for_reads(account_id)
        return read_account(session, session.connection.reading("iam", self._iam_region), self._clock)

    def organisation_accounts(self, units: Sequence[str] = (), *, tags: bool = False) -> tuple[MemberAccount, ...]:
        """List the organisation's accounts: with this host's own credentials, or else by iamflow's role where it is managed."""
        own = self._sessions.base().reading("organizations", self._iam_region)
        here = AccountId(self._sessions.caller_arn().split(":")[_ACCOUNT_IN_ARN])

        def by_role(account_id: AccountId) -> Api:
            return self._api(account_id, "organizations", self._iam_region)

        return all_accounts(own, here, by_role, units, tags=tags)

    @contextmanager
    def survey(self, account_id: AccountId) -> Iterator[Survey]:
        """Open a session for one look through an account; its calls keep to the account's budget."""
        session = self._sessions.for_survey(account_id)
        yield AwsSurvey(session, self._iam_region, self._iam_budget, self._clock)

    def put_object(self, bucket: str, name: str, file: Path) -> None:
        """Put a file into S3, with this host's own credentials."""
        put(self._sessions.base().reading("s3", self._clients.region, pauses=ONCE), bucket, name, file)

    def security_contact(self, account_id: AccountId) -> str | None:
        """Return the address that the account names for security matters; None for none and for not known alike."""
        region = REGIONS.get(self._clients.partition, self._clients.region)
        return self._contacts.security(account_id, self._api(account_id, "account", region))

    def members(self, account_id: AccountId, target: str) -> tuple[Member, ...]:
        """Read which member accounts lie under a target of the organisation that this account manages now."""
        return members(self._api(account_id, "organizations", self._iam_region), target)

    def people(self, account_id: AccountId) -> AccountPeople:
        """Read every user of an account now, and its root user: some calls for each of them, a few users a second."""
        session = self._sessions.for_reads(account_id)
        iam = session.connection.reading("iam", self._iam_region)
        return read_people(session, iam, self._iam_budget, self._clock)

    def rights(self, subject: UserSubject) -> Rights:
        """Read every policy that bears on what the user may do now."""
        return read_rights(self._api(subject.account_id, "iam", self._iam_region), subject.username)

    def grants(self, subject: UserSubject, roles: Sequence[str]) -> Grants:
        """Read every policy that a role in the key's place needs now: of the user, his groups, and these roles."""
        return read_grants(self._api(subject.account_id, "iam", self._iam_region), subject.username, roles)

    def usage(self, subject: UserSubject, addresses: Sequence[str], named: Sequence[str]) -> Workloads:
        """Look for what uses the subject's key: functions, services, instances with these addresses, and what is named."""
        if subject.key_id is None:
            message = f"user {subject.username!r}: what uses a key can be looked for only where there is one"
            raise PermanentError(message)
        question = Question(
            account_id=subject.account_id,
            key_id=subject.key_id,
            regions=self.regions(subject.account_id).readable,
            addresses=tuple(addresses),
            named=tuple(named),
        )
        return find(self._sessions.for_reads(subject.account_id).connection.reading, question)

    def regions(self, account_id: AccountId) -> RegionSet:
        """Return the regions to be read, and those that the settings excuse. Asked of AWS once an hour."""
        if self._settings.regions != "enabled":
            return to_read(self._settings.regions, self._settings)
        found = self._regions.get(account_id, lambda: enabled(self._api(account_id, "ec2", self._clients.region)))
        return to_read(found, self._settings)

    def user_count(self, account_id: AccountId) -> int:
        """Return the number of IAM users. Asked of AWS once an hour."""
        return self._counts.get(account_id, lambda: user_count(self._api(account_id, "iam", self._iam_region)))

    def key_quota(self, account_id: AccountId) -> int:
        """Return how many access keys a user may have in the account. Asked of AWS once an hour."""
        return self._quotas.get(account_id, lambda: key_quota(self._api(account_id, "iam", self._iam_region)))

    def look_up(self, account_id: AccountId, region: Region, query: TrailQuery, token: str | None = None) -> TrailPage:
        """Return one page of events: from what the trail delivered, or of LookupEvents within the account's budget."""
        where = self._settings.trail_bucket
        if where is not None:
            # Of each region's own STS: the call lands in that region's trail.
            sts = self._sessions.for_reads(account_id).connection.reading("sts", region, pauses=ONCE)
            access = Access(s3=self._storage(where), knock=lambda: sts.call("GetCallerIdentity"))
            place = names.Place(where=where, account_id=account_id, region=region)
            return self._delivered.page(access, place, query, token)
        # One attempt a turn: further ones take another.
        trail = self._sessions.for_reads(account_id).connection.reading("cloudtrail", region, pauses=ONCE)
        return self._trail.page(trail, (account_id, region), query, token)

    @contextmanager
    def step(self, subject: UserSubject, ticket_id: TicketId, effect: EffectKind) -> Iterator[Step]:
        """Open the session for one step: named after the ticket, narrowed to the one user and the one call."""
        placed = self._placed(subject)
        policy = session_policy(self._clients.partition, placed, effect)
        with self._sessions.for_step(subject.account_id, ticket_id, policy) as session:
            yield AwsStep(session, self._iam_region, (effect, placed), self._clock)

    def security_hub(self, region: Region | None) -> AwsSecurityHub:
        """Return Security Hub in a region, the host's own where none is named. Nothing is called yet."""
        place = Place(partition=self._clients.partition, region=region or self._clients.region)
        return AwsSecurityHub(self._sessions.for_reads, place, self._clock)

    def secret(self, secret_id: str) -> str:
        """Return a secret of Secrets Manager (its name or ARN), read with this host's own credentials.

        Raises ``ConfigError`` where it holds no text, and as every call where it cannot be read. No message quotes it.
        """
        parts = secret_id.split(":")
        region = parts[3] if secret_id.startswith("arn:") and len(parts) > _REGION_IN_ARN else self._clients.region
        answer = self._sessions.base().reading("secretsmanager", region).call("GetSecretValue", SecretId=secret_id)
        value = text(answer.get("SecretString"))
        if value is None:
            message = f"the secret {secret_id} holds no text: store it as a string"
            raise ConfigError(message)
        return value

    def copy_report(
        self, url: str, folder: Path, known: Callable[[Path], bool], progress: Callable[[int, int], None]
    ) -> Copied:
        """Copy the newest report under a place in S3 into a private folder, read with this host's own credentials.

        The bucket's region is found out by botocore, which follows S3's word on it within the partition. Raises ``InputError``
        where there is no report, and as every call where S3 cannot be read.
        """
        address = address_of(url)
        s3 = self._sessions.base().reading("s3", self._clients.region)
        try:
            return copy_newest(s3, address, folder, known, progress)
        except BlockedError as error:
            if refusal_of(error) is not Refusal.DENIED:
                raise
            message = (
                f"{url}: S3 refuses this host's own credentials: allow them s3:ListBucket on the bucket and s3:GetObject "
                "on its objects (and kms:Decrypt where they are encrypted with a key of yours)"
            )
            raise BlockedError(message, code=ACCESS) from error

    def require_credentials(self) -> None:
        """Raise ``ConfigError`` where this host has no AWS credentials at all, and no account has a profile of its own.

        Said once for the host, rather than on every ticket.
        """
        if self._clients.method() is None and not self._settings.profiles:
            message = "no AWS credentials could be had: give this host a role, a profile or a sign-in that works"
            raise ConfigError(message)

    def close(self) -> None:
        """Close the connections that are held open; the next call opens new ones."""
        self._clients.close()

    def caller(self) -> Identity:
        """Return the person that this host's own credentials stand for.

        Nobody, where there are no credentials, where AWS does not say whose they are, and where they are those of
        iamflow's own role, of an instance or of a container: who is at the keyboard is then known to the host alone.
        """
        if self._clients.method() in {None, *_MACHINES}:
            return Identity()
        try:
            arn = self._sessions.caller_arn()
        except IamflowError:
            return Identity()
        assumed = role_of(arn)
        if assumed is None:
            return Identity(sts=arn)
        role, session = assumed
        nobody = role == self._role() or session.startswith(_INSTANCE)
        return Identity() if nobody else Identity(sts=arn)

    def host_arn(self) -> str:
        """Return whose this host's own credentials are, as GetCallerIdentity says."""
        return self._sessions.caller_arn()

    def last_delivery(self, account_id: AccountId) -> datetime | None:
        """Return when the trail last delivered events of an account's IAM (UTC), today or yesterday; None where it did not.

        Raises ``TemporaryError`` and ``BlockedError`` where the bucket, or the object that came last, cannot be read, and
        ``ConfigError`` where the settings name no bucket.
        """
        where = self._settings.trail_bucket
        if where is None:
            message = "aws.trail.s3: there is no bucket to look at: name one, or leave events to LookupEvents"
            raise ConfigError(message)
        place = names.Place(where=where, account_id=account_id, region=Region(self._iam_region))
        newest = self._delivered.latest(self._storage(where), place)
        return None if newest is None else newest.at

    def account_arn(self, account_id: AccountId) -> str:
        """Return as whom this host reads in an account.

        Raises ``BlockedError`` where the account lets nobody in, or its credentials are those of another account.
        """
        return self._sessions.for_reads(account_id).arn

    def time(self) -> datetime | None:
        """Return AWS's time (UTC) from the Date header of an answer to GetCallerIdentity; None where it has none.

        A refusal has that header too, and a host whose clock is wrong gets nothing but refusals: signatures are good for
        five minutes (IAM user guide, "Elements of an AWS API request signature").
        """
        try:
            answer = self._sessions.base().reading("sts", self._clients.region, pauses=ONCE).call("GetCallerIdentity")
        except IamflowError as error:
            found = receipt_of(getattr(error.__cause__, "response", {})).at
            if found is None:
                raise
            return found
        return receipt_of(answer).at

    def _storage(self, where: TrailBucket) -> Api:
        """Return S3 as the trail's bucket is read."""
        if where.account_id is None:
            return self._sessions.base().reading("s3", where.region)
        return self._sessions.for_reads(where.account_id).connection.reading("s3", where.region)

    def _placed(self, subject: UserSubject) -> UserSubject:
        """Return the subject with the region of its secret: this host's own, where the settings name none."""
        if subject.sink is None or subject.sink.region is not None:
            return subject
        return replace(subject, sink=replace(subject.sink, region=self._clients.region))

    def _role(self) -> str | None:
        """Return the bare name of iamflow's role: an ARN of a session leaves out the role's path."""
        role = self._settings.role_name
        return role and role.rsplit("/", 1)[-1]

    def _api(self, account_id: AccountId, service: str, region: str) -> Api:
        return self._sessions.for_reads(account_id).connection.reading(service, region)
