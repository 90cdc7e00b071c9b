"""The sections of the settings about workflows: their waits, and how many people must say yes."""

import re
from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator

from iamflow.config.fields import (
    Duration,
    RegionName,
)
from iamflow.config.section import DAY, HOUR, MINUTE, Section
from iamflow.domain.require_mfa import How
from iamflow.domain.sink import SinkKind


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
