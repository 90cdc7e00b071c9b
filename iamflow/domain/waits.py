"""The settings of each workflow: its waits, and how many people must say yes."""

from dataclasses import dataclass, field
from datetime import timedelta

from iamflow.domain.require_mfa import How
from iamflow.domain.sink import Sink

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoDelete:
    """When deletion may follow by time alone (DESIGN 8.5)."""

    min_idle: timedelta = 90 * DAY
    never_used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """The waits that every workflow has, and how many people must say yes to one of its plans."""

    grace: timedelta = 7 * DAY
    monitor: timedelta = timedelta(hours=48)
    delivery_lag: timedelta = timedelta(minutes=30)
    approvals: int = 1
    always_approved: bool = False
    """Whether nothing is ever taken by time alone."""
    auto_delete: AutoDelete | None = None
    """When the deletion of a key may follow by time alone; None where the workflow has another proof that nothing needs it."""
    idle: timedelta | None = None
    """For how long a key must have been idle before its deactivation, where a new one has taken its place; None where
    none does, so that a recent use takes an approval."""
    brownout: timedelta | None = None
    """For how long the key's calls are denied, and seen to be denied, before it is deactivated; None for not at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DisableKeyPolicy(Waits):
    """The settings of the ``disable-key`` workflow."""

    auto_delete: AutoDelete = field(default_factory=AutoDelete)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnforceMfaPolicy(Waits):
    """The settings of the ``enforce-mfa`` workflow."""

    policy: How = How.INLINE
    exempt_change_password: bool = False
    """Whether a user may change his password before he has enrolled: one who must at his first sign-in needs it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteUserPolicy(Waits):
    """The settings of the ``delete-user`` workflow."""

    grace: timedelta = 14 * DAY
    always_approved: bool = True
    remove_login_profile: bool = False
    """Whether the console password goes with the quarantine already. Nobody can put it back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RotateKeyPolicy(Waits):
    """The settings of the ``rotate-key`` workflow."""

    grace: timedelta = timedelta(0)
    idle: timedelta | None = DAY
    remind: timedelta = 7 * DAY
    """How often the owner is reminded of a new key that nothing uses yet."""
    free_after: timedelta = 90 * DAY
    """For how long an Inactive key must not have been used before its deletion is proposed, to make room for a new one."""
    sink: Sink = field(default_factory=Sink)
    """Where the secrets of new keys go; its name is a pattern."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrateToRolePolicy(Waits):
    """The settings of the ``migrate-to-role`` workflow."""

    grace: timedelta = DAY
    idle: timedelta | None = DAY
    remind: timedelta = 7 * DAY
    """How often the owner is reminded of a role that nothing uses yet."""
    narrow: bool = False
    """Whether roles may do only what the key was seen to do, where nobody says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RootHygienePolicy(Waits):
    """The settings of the ``root-hygiene`` workflow. Its grace period ends with the word to the security team."""

    grace: timedelta = 14 * DAY
    remind: timedelta = 7 * DAY
    """How often the account's contact is reminded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrgMfaGuardrailPolicy(Waits):
    """The settings of the ``org-mfa-guardrail`` workflow. Nobody is told before it: people decide."""

    grace: timedelta = timedelta(0)
    approvals: int = 2
    always_approved: bool = True
    exempt_change_password: bool = False
    """Whether a user may change his password before he has enrolled: one who must at his first sign-in needs it."""
