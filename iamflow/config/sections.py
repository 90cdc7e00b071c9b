"""The sections of the settings. Every key has a default that is safe; an unknown key is an error."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from iamflow.config.fields import (
    Account,
    AccountChoices,
    AccountExclusions,
    AccountSet,
    Domains,
    Duration,
    Names,
    RegionName,
    distinct,
    listed,
)
from iamflow.config.secrets import SecretRef
from iamflow.config.section import DAY, HOUR, MINUTE, Section
from iamflow.domain.policy import Managed

# Amazon S3 user guide, "Bucket naming rules"; Organizations API reference, Organization: Id.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


_PREFIX = re.compile(r"(?:[A-Za-z0-9!_.*'()-]+/)*[A-Za-z0-9!_.*'()-]+", re.ASCII)


_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}", re.ASCII)


class Database(Section):
    """Where tickets and journal are."""

    url: str = "sqlite:///iamflow.db"


class Journal(Section):
    """What signs the journal."""

    key: SecretRef = SecretRef(file=Path("journal.key"))


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
