"""The sections of the settings. Every key has a default that is safe; an unknown key is an error."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from iamflow.config.fields import (
    Account,
    AccountChoices,
    AccountExclusions,
    AccountSet,
    Domains,
    Duration,
    Names,
    RegionName,
    RegionSet,
    distinct,
    listed,
    quoted,
)
from iamflow.config.secrets import SecretRef
from iamflow.domain.policy import Managed
from iamflow.domain.require_mfa import How
from iamflow.domain.sink import SinkKind

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

# Amazon S3 user guide, "Bucket naming rules"; Organizations API reference, Organization: Id.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"(?:[A-Za-z0-9!_.*'()-]+/)*[A-Za-z0-9!_.*'()-]+", re.ASCII)
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}", re.ASCII)


class Section(BaseModel):
    """A section: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_and_values(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Take a section with nothing below its name for an empty one, which is how YAML reads a commented-out block."""
        if given is None:
            return {}
        if not isinstance(given, dict | cls):
            message = "is a section: settings stand below it as key: value"
            raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
        return given


class Database(Section):
    """Where tickets and journal are."""

    url: str = "sqlite:///iamflow.db"


class Journal(Section):
    """What signs the journal."""

    key: SecretRef = SecretRef(file=Path("journal.key"))


class TrailBucket(Section):
    """The bucket to which a trail delivers the events of all accounts, and who may read it."""

    bucket: str
    region: RegionName
    prefix: str | None = None
    organization: str | None = None
    account: Account | None = None

    @field_validator("bucket")
    @classmethod
    def _a_bucket(cls, value: str) -> str:
        if _BUCKET.fullmatch(value) is None:
            message = f"{quoted(value)} is not the name of a bucket: no s3://, no ARN, the prefix goes under prefix"
            raise ValueError(message)
        return value

    @field_validator("prefix")
    @classmethod
    def _a_prefix(cls, value: str | None) -> str | None:
        if value is not None and _PREFIX.fullmatch(value) is None:
            message = f"{quoted(value)} cannot be a trail's prefix: give what stands before /AWSLogs/, or null"
            raise ValueError(message)
        return value

    @field_validator("organization")
    @classmethod
    def _an_organization(cls, value: str | None) -> str | None:
        if value is not None and _ORGANIZATION.fullmatch(value) is None:
            message = f"{quoted(value)} is not the id of an organisation, such as o-abcde12345"
            raise ValueError(message)
        return value


class Trail(Section):
    """Where CloudTrail's events are read: by LookupEvents, or from a bucket."""

    s3: TrailBucket | None = None


class Aws(Section):
    """How AWS is reached."""

    role_name: str | None = "iamflow"
    external_id: str | None = None
    profiles: dict[Account, str] = Field(default_factory=dict)
    endpoint_url: str | None = None
    regions: RegionSet = "enabled"
    regions_excused: dict[RegionName, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    trail: Trail = Field(default_factory=Trail)
    trail_lookups_per_second: float = Field(default=1, gt=0, allow_inf_nan=False)


class Accounts(Section):
    """Which accounts are looked at, in which iamflow may act, and whom to tell there."""

    include: AccountChoices = "all"
    exclude: AccountExclusions = Field(default_factory=list)
    enforce: AccountSet = Field(default_factory=list)
    contacts: dict[Account, str] = Field(default_factory=dict)


class Protect(Section):
    """Who is never touched."""

    users: Names = Field(default_factory=lambda: ["break-glass*"])
    tags: dict[str, str] = Field(default_factory=lambda: {"iamflow:protected": "*"})
    managed: Managed = Managed.TICKET
    managed_tags: dict[str, str] = Field(
        default_factory=lambda: {"terraform": "*", "managed-by": "*terraform*", "ManagedBy": "*terraform*"}
    )


class Opens(Section):
    """Which workflow each rule opens a ticket of; ``none`` for a rule that is not applied."""

    key_too_old: Literal["disable-key", "rotate-key", "migrate-to-role", "none"] = Field(
        default="disable-key", alias="key-too-old"
    )
    key_in_use: Literal["disable-key", "rotate-key", "migrate-to-role", "none"] = Field(
        default="disable-key", alias="key-in-use"
    )
    console_without_mfa: Literal["enforce-mfa", "none"] = Field(default="enforce-mfa", alias="console-without-mfa")
    user_unused: Literal["delete-user", "none"] = Field(default="delete-user", alias="user-unused")
    root_without_mfa: Literal["root-hygiene", "none"] = Field(default="root-hygiene", alias="root-without-mfa")
    root_with_access_keys: Literal["root-hygiene", "none"] = Field(
        default="root-hygiene", alias="root-with-access-keys"
    )


class OverrideOpens(Section):
    """Which workflow each rule opens a ticket of where the override counts; what is left out is as the general rules have it."""

    key_too_old: Literal["disable-key", "rotate-key", "migrate-to-role", "none"] | None = Field(
        default=None, alias="key-too-old"
    )
    key_in_use: Literal["disable-key", "rotate-key", "migrate-to-role", "none"] | None = Field(
        default=None, alias="key-in-use"
    )
    console_without_mfa: Literal["enforce-mfa", "none"] | None = Field(default=None, alias="console-without-mfa")
    user_unused: Literal["delete-user", "none"] | None = Field(default=None, alias="user-unused")
    root_without_mfa: Literal["root-hygiene", "none"] | None = Field(default=None, alias="root-without-mfa")
    root_with_access_keys: Literal["root-hygiene", "none"] | None = Field(default=None, alias="root-with-access-keys")

    def chosen(self) -> dict[str, str]:
        """Return rule → workflow, or ``none``, of what is said."""
        return {rule: workflow for rule, workflow in self.model_dump(by_alias=True).items() if workflow is not None}


class OverrideSettings(Section):
    """What differs from the general rules in some accounts, or for users with some tags."""

    accounts: Names = Field(default_factory=list)
    tags: dict[str, str] = Field(default_factory=dict)
    max_key_age: Duration | None = None
    unused_after: Duration | None = None
    open: OverrideOpens = Field(default_factory=OverrideOpens)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.accounts and not self.tags:
            message = "must name accounts, or tags: what counts everywhere is a general rule"
            raise ValueError(message)
        if self.max_key_age is None and self.unused_after is None and not self.open.chosen():
            message = "must say what differs: max_key_age, unused_after or open"
            raise ValueError(message)
        other = next((rule for rule, workflow in self.open.chosen().items() if self.tags and workflow != "none"), None)
        if other is not None:
            message = f"by tags, open can only say none, not another workflow for {other}: a ticket is opened before tags are read"
            raise ValueError(message)
        return self

    def covers(self, later: "OverrideSettings") -> bool:
        """Return whether a later override could never count, since this one fits whatever it fits."""
        if any(later.tags.get(name) != pattern for name, pattern in self.tags.items()):
            return False
        known = {pattern.casefold() for pattern in self.accounts}
        everywhere = not known or "*" in known
        return everywhere or (bool(later.accounts) and {one.casefold() for one in later.accounts} <= known)


class RuleSettings(Section):
    """When something is a finding."""

    max_key_age: Duration = 90 * DAY
    unused_after: Duration = 90 * DAY
    recent_use: Duration = 7 * DAY
    auto_deactivate_after: Duration | None = None
    reopen_after: Duration = 30 * DAY
    max_fact_age: Duration = 7 * DAY
    open: Opens = Field(default_factory=Opens)
    overrides: list[OverrideSettings] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.auto_deactivate_after is not None and self.auto_deactivate_after < self.recent_use:
            message = "auto_deactivate_after must be null, or as long as recent_use at least: what was used since needs a person"
            raise ValueError(message)
        for place, later in enumerate(self.overrides):
            first = next((number for number in range(place) if self.overrides[number].covers(later)), None)
            if first is not None:
                message = (
                    f"overrides.{place} never counts: the first that fits does, and overrides.{first} fits all of it"
                )
                raise ValueError(message)
        return self


class AutoDeleteSettings(Section):
    """When deletion may follow by time alone."""

    min_idle: Duration = 90 * DAY
    never_used: bool = False


class DisableKey(Section):
    """The waits of ``disable-key``."""

    grace: Duration = 7 * DAY
    monitor: Duration = 48 * HOUR
    delivery_lag: Duration = 30 * MINUTE
    auto_delete: AutoDeleteSettings = Field(default_factory=AutoDeleteSettings)
    brownout: Duration | None = None
    approvals: int = Field(default=1, ge=1, le=10)


class EnforceMfa(Section):
    """The settings of ``enforce-mfa``."""

    grace: Duration = 7 * DAY
    policy: How = How.INLINE
    exempt_change_password: bool = False
    approvals: int = Field(default=1, ge=1, le=10)


class DeleteUser(Section):
    """The settings of ``delete-user``."""

    grace: Duration = 14 * DAY
    monitor: Duration = 48 * HOUR
    delivery_lag: Duration = 30 * MINUTE
    approvals: int = Field(default=1, ge=1, le=10)
    remove_login_profile: bool = False


def _once_a_second_at_most(value: timedelta) -> timedelta:
    """Return how often people are reminded; how seldom it must be outside the sandbox is a rule of the settings as a whole."""
    if value < timedelta(seconds=1):
        message = "must be 1s or more"
        raise ValueError(message)
    return value


class RootHygiene(Section):
    """The settings of ``root-hygiene``."""

    escalate_after: Duration = 14 * DAY
    remind: Duration = 7 * DAY

    @field_validator("remind", "escalate_after")
    @classmethod
    def _not_always(cls, value: timedelta) -> timedelta:
        return _once_a_second_at_most(value)


class OrgMfaGuardrail(Section):
    """The settings of ``org-mfa-guardrail``."""

    monitor: Duration = 48 * HOUR
    delivery_lag: Duration = 30 * MINUTE
    approvals: int = Field(default=2, ge=1, le=10)
    exempt_change_password: bool = False


_NAME_FIELDS = frozenset({"username", "account_id", "access_key_id"})


class RotateKey(Section):
    """The waits of ``rotate-key``, and where the secrets of new keys go."""

    grace: Duration = timedelta(0)
    idle: Duration = 24 * HOUR
    monitor: Duration = 48 * HOUR
    delivery_lag: Duration = 30 * MINUTE
    approvals: int = Field(default=1, ge=1, le=10)
    remind: Duration = 7 * DAY
    free_after: Duration = 90 * DAY
    sink: SinkKind = SinkKind.SECRETSMANAGER
    name: str | None = None
    region: RegionName | None = None
    kms_key: str | None = Field(default=None, min_length=1)

    @field_validator("name")
    @classmethod
    def _one_a_user(cls, value: str | None) -> str | None:
        fields = set(re.findall(r"\{([^{}]*)\}", value or ""))
        if value is not None and (not fields <= _NAME_FIELDS or re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", value))):
            message = "may name {username}, {account_id} and {access_key_id}, and nothing else, in braces"
            raise ValueError(message)
        if value is not None and not fields & {"username", "access_key_id"}:
            message = "must hold {username} or {access_key_id}: two users would share one secret otherwise"
            raise ValueError(message)
        return value

    @field_validator("remind")
    @classmethod
    def _not_always(cls, value: timedelta) -> timedelta:
        return _once_a_second_at_most(value)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.sink is SinkKind.FILE:
            if self.kms_key is not None or self.region is not None:
                message = "a file takes no kms_key and no region"
                raise ValueError(message)
            if self.name is not None and not {"{account_id}", "{access_key_id}"} & set(
                re.findall(r"\{\w+\}", self.name)
            ):
                message = (
                    "the name of a file must hold {account_id} or {access_key_id}: accounts have users of the same name"
                )
                raise ValueError(message)
        return self


class MigrateToRole(Section):
    """The settings of ``migrate-to-role``."""

    grace: Duration = DAY
    idle: Duration = 24 * HOUR
    monitor: Duration = 48 * HOUR
    delivery_lag: Duration = 30 * MINUTE
    approvals: int = Field(default=1, ge=1, le=10)
    remind: Duration = 7 * DAY
    narrow: bool = False

    @field_validator("remind")
    @classmethod
    def _not_always(cls, value: timedelta) -> timedelta:
        return _once_a_second_at_most(value)


class Workflows(Section):
    """The waits of every workflow."""

    disable_key: DisableKey = Field(default_factory=DisableKey, alias="disable-key")
    enforce_mfa: EnforceMfa = Field(default_factory=EnforceMfa, alias="enforce-mfa")
    delete_user: DeleteUser = Field(default_factory=DeleteUser, alias="delete-user")
    rotate_key: RotateKey = Field(default_factory=RotateKey, alias="rotate-key")
    migrate_to_role: MigrateToRole = Field(default_factory=MigrateToRole, alias="migrate-to-role")
    root_hygiene: RootHygiene = Field(default_factory=RootHygiene, alias="root-hygiene")
    org_mfa_guardrail: OrgMfaGuardrail = Field(default_factory=OrgMfaGuardrail, alias="org-mfa-guardrail")


class Owners(Section):
    """How the owner of a key is found."""

    tags: Names = Field(default_factory=lambda: ["Owner", "Email", "Team", "Manager"])
    map: Path | None = None
    account_contact: bool = True
    default: str | None = None
    allowed_domains: Domains = Field(default_factory=list)


class Approvers(Section):
    """Who may approve, how many of them it takes, and how people are told apart."""

    groups: dict[str, list[str]] = Field(default_factory=dict)
    at_least: dict[str, Annotated[int, Field(ge=1, le=10)]] = Field(default_factory=dict)
    identity: Annotated[list[Literal["sts", "os"]], BeforeValidator(listed), AfterValidator(distinct)] = Field(
        default=["sts", "os"], min_length=1
    )


class Smtp(Section):
    """The mail server."""

    host: str = Field(default="localhost", min_length=1)
    port: int = Field(default=25, ge=1, le=65_535)
    starttls: bool = False
    username: str | None = None
    password: SecretRef | None = None

    @model_validator(mode="after")
    def _never_in_the_clear(self) -> Self:
        if self.username is not None and not self.starttls:
            message = "a username needs starttls: true, or the password would travel readable"
            raise ValueError(message)
        if (self.username is None) != (self.password is None):
            message = "username and password go together: set both or neither"
            raise ValueError(message)
        return self


class MailFolder(Section):
    """Where the ``file`` channel leaves its mails."""

    folder: Path = Path("mails")


class Notify(Section):
    """How people are told."""

    channels: Annotated[list[Literal["smtp", "file"]], BeforeValidator(listed), AfterValidator(distinct)] = Field(
        default=["smtp"], min_length=1
    )
    sender: str | None = None
    team: str | None = None
    contact: str | None = None
    smtp: Smtp = Field(default_factory=Smtp)
    file: MailFolder = Field(default_factory=MailFolder)


class SecurityHub(Section):
    """Whether AWS Security Hub is told how tickets stand, and where."""

    enabled: bool = False
    region: RegionName | None = None
    accounts: AccountSet = "all"


class BreakerSettings(Section):
    """When everything stops by itself."""

    deactivations: int = Field(default=10, ge=0)
    rollbacks: int = Field(default=3, ge=0)
    within: Duration = 7 * DAY


class Limits(Section):
    """How much may be done in an account in 24 hours."""

    per_account_per_day: int = Field(default=20, ge=0)
    percent_of_users: int = Field(default=10, ge=0, le=100)
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)


class Retry(Section):
    """How a passing fault is waited out."""

    base: Duration = timedelta(seconds=5)
    most: Duration = HOUR
    tries: int = Field(default=12, ge=1)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if not timedelta(0) < self.base <= self.most:
            message = "base must be more than 0s and at most `most`"
            raise ValueError(message)
        return self


class TimingSettings(Section):
    """Every other wait."""

    propagation: Duration = 2 * MINUTE
    fresh_read: Duration = timedelta(seconds=60)
    clock_skew: Duration = 5 * MINUTE
    confirm_within: Duration = 24 * HOUR
    poll: Duration = 30 * MINUTE
    recheck: Duration = 24 * HOUR
    baseline: Duration = 7 * DAY
    approval_valid: Duration = 7 * DAY
    hold_leaves: Duration = 24 * HOUR
    retry: Retry = Field(default_factory=Retry)

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if not timedelta(0) < self.fresh_read <= 5 * MINUTE:
            message = "fresh_read must be more than 0s and at most 5m: what was read longer ago is no fresh reading"
            raise ValueError(message)
        if not timedelta(0) < self.clock_skew <= HOUR:
            message = "clock_skew must be more than 0s and at most 1h: every wait is counted by this host's clock"
            raise ValueError(message)
        for name in ("poll", "recheck", "confirm_within", "approval_valid"):
            if getattr(self, name) <= timedelta(0):
                message = f"{name} must be more than 0s"
                raise ValueError(message)
        if self.propagation > HOUR:
            message = "propagation must be at most 1h: uses of the key within it count as stragglers, not as uses"
            raise ValueError(message)
        if not timedelta(0) < self.baseline <= 90 * DAY:
            message = "baseline must be more than 0s and at most 90d, which is how far back CloudTrail's lookup goes"
            raise ValueError(message)
        return self


class Daemon(Section):
    """The daemon's rhythm."""

    interval: Duration = timedelta(seconds=30)
    batch: int = Field(default=100, ge=1, le=1000)
    lease: Duration = 5 * MINUTE
    workers: int = Field(default=16, ge=1, le=128)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("lease")
    @classmethod
    def _long_enough(cls, value: timedelta) -> timedelta:
        if value < MINUTE:
            message = "must be 1m or more: a call may take half a minute, and must end well before the lease"
            raise ValueError(message)
        return value

    @field_validator("interval")
    @classmethod
    def _not_always(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            message = "must be 1s or more"
            raise ValueError(message)
        return value


class Scan(Section):
    """When the daemon looks at every account by itself."""

    every: Duration | None = None

    @field_validator("every")
    @classmethod
    def _not_always(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < 4 * HOUR:
            message = "must be null, or 4h or more: AWS makes a new credential report once in four hours"
            raise ValueError(message)
        return value


class Retention(Section):
    """How long events and evidence are kept; null is for ever."""

    events: Duration | None = None
    evidence: Duration | None = 400 * DAY
