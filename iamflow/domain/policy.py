"""The settings that rules and guards depend on, as plain values. ``iamflow.config`` builds them from the YAML file."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from iamflow.domain.ids import AccountId
from iamflow.domain.overrides import account_fits
from iamflow.domain.rule_settings import Rules
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode
from iamflow.domain.waits import (
    DAY,
    DeleteUserPolicy,
    DisableKeyPolicy,
    EnforceMfaPolicy,
    MigrateToRolePolicy,
    OrgMfaGuardrailPolicy,
    RootHygienePolicy,
    RotateKeyPolicy,
    Waits,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Every other wait."""

    propagation: timedelta = timedelta(minutes=2)
    fresh_read: timedelta = timedelta(seconds=60)
    clock_skew: timedelta = timedelta(minutes=5)
    """How far this host's clock may be from AWS's before everything but rollbacks waits."""
    confirm_within: timedelta = timedelta(hours=24)
    poll: timedelta = timedelta(minutes=30)
    """How often a deactivated key is looked at while it is being watched."""
    recheck: timedelta = timedelta(hours=24)
    """How often a ticket that waits for a person is compared with AWS."""
    baseline: timedelta = 7 * DAY
    retry_base: timedelta = timedelta(seconds=5)
    retry_most: timedelta = timedelta(hours=1)
    tries: int = 12
    approval_valid: timedelta = 7 * DAY
    hold_leaves: timedelta = timedelta(hours=24)
    """The least grace that is left after a hold."""


class Managed(StrEnum):
    """What becomes of findings about users whom infrastructure as code manages."""

    TICKET = "ticket"
    """As of every other user; people see what manages it."""
    NOTICE = "notice"
    """The owner is told once to change it there, and iamflow changes nothing."""
    SKIP = "skip"
    """Refused, as protected users are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """Who is never touched. Patterns are shell patterns over the whole user name, compared without regard to case."""

    users: tuple[str, ...] = ("break-glass*",)
    tags: tuple[tuple[str, str], ...] = (("iamflow:protected", "*"),)
    own_usernames: tuple[tuple[str, str], ...] = ()
    """(account id, user name) of iamflow's own identity and of approvers who are IAM users."""
    managed: Managed = Managed.TICKET
    managed_tags: tuple[tuple[str, str], ...] = ()
    """(name, shell pattern of the value) of tags that say that infrastructure as code manages a user; CloudFormation's own
    count in any case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """How much may be done to an account in any 24 hours."""

    per_account_per_day: int = 20
    percent_of_users: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Breaker:
    """Freezes everything once both counts are exceeded within the time."""

    deactivations: int = 10
    rollbacks: int = 3
    within: timedelta = 7 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnerRules:
    """How an owner is found. Tag values are written by others: their addresses must be in ``allowed_domains``."""

    tags: tuple[str, ...] = ("Owner", "Email", "Team", "Manager")
    people: dict[str, str] = field(default_factory=dict)
    """Name (lower case) → address."""
    contacts: dict[str, str] = field(default_factory=dict)
    """Account id → address."""
    default: str | None = None
    allowed_domains: tuple[str, ...] = ()
    account_contact: bool = True
    """Whether the contact that an account itself names for security matters counts."""
    central: tuple[str, ...] = ()
    """Addresses that stand for many accounts: as a contact, such a one is nobody in particular."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubPolicy:
    """Whether Security Hub is told how tickets stand, and in which accounts: in these, or in all that are looked at (None)."""

    enabled: bool = False
    accounts: frozenset[AccountId] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Everything that a decision depends on besides the ticket, AWS and the time."""

    mode: Mode = Mode.OBSERVE
    scope: AccountScope = field(default_factory=AccountScope)
    rules: Rules = field(default_factory=Rules)
    disable_key: DisableKeyPolicy = field(default_factory=DisableKeyPolicy)
    enforce_mfa: EnforceMfaPolicy = field(default_factory=EnforceMfaPolicy)
    rotate_key: RotateKeyPolicy = field(default_factory=RotateKeyPolicy)
    delete_user: DeleteUserPolicy = field(default_factory=DeleteUserPolicy)
    migrate_to_role: MigrateToRolePolicy = field(default_factory=MigrateToRolePolicy)
    root_hygiene: RootHygienePolicy = field(default_factory=RootHygienePolicy)
    org_mfa_guardrail: OrgMfaGuardrailPolicy = field(default_factory=OrgMfaGuardrailPolicy)
    timing: Timing = field(default_factory=Timing)
    protection: Protection = field(default_factory=Protection)
    caps: Caps = field(default_factory=Caps)
    breaker: Breaker = field(default_factory=Breaker)
    owners: OwnerRules = field(default_factory=OwnerRules)
    security_hub: HubPolicy = field(default_factory=HubPolicy)
    team: str | None = None
    """The security team's address: told about rollbacks, holds and whatever needs attention."""
    contact: str | None = None
    """Whom the notices name for questions; the team, where not set."""
    approvers: frozenset[str] | None = None
    """Who may approve, reject and exempt: OS user names and STS ARNs. None: anybody but the requester."""
    approvals_at_least: tuple[tuple[str, int], ...] = ()
    """(pattern, number): how many people must at least approve in accounts whose id or name fits the shell pattern."""
    excused: tuple[tuple[str, str], ...] = ()
    """(region, reason) that the settings excuse from being read."""
    own_role: str | None = None
    """The bare name of the role under which iamflow acts in accounts, by which its calls are known; None without one."""

    def approvals_needed(self, workflow: str, account_id: AccountId, account_name: str) -> int:
        """Return how many people must say yes to a plan of this workflow in this account; nobody is never enough."""
        asked = [
            least for pattern, least in self.approvals_at_least if account_fits((pattern,), account_id, account_name)
        ]
        return max(1, self.of(workflow).approvals, *asked)

    def of(self, workflow: str) -> Waits:
        """Return the waits of a workflow, by its name. Raises ``KeyError`` for one that there is not."""
        known: dict[str, Waits] = {
            "disable-key": self.disable_key,
            "enforce-mfa": self.enforce_mfa,
            "delete-user": self.delete_user,
            "rotate-key": self.rotate_key,
            "migrate-to-role": self.migrate_to_role,
            "root-hygiene": self.root_hygiene,
            "org-mfa-guardrail": self.org_mfa_guardrail,
            "restore-user": Waits(),
        }
        return known[workflow]

    def proof_after(self, workflow: str) -> timedelta:
        """Return how long after an end CloudTrail is asked for its proof, and how often again: too early does no harm."""
        return min(self.of(workflow).delivery_lag, self.timing.poll)

    def acts_in(self, account_id: AccountId) -> bool:
        """Return whether new steps may be taken in this account at all."""
        return self.mode is Mode.ENFORCE and self.scope.enforced(account_id)

    def tells_hub_of(self, account_id: AccountId) -> bool:
        """Return whether Security Hub may be told of this account's tickets; by itself only where iamflow acts, too."""
        hub = self.security_hub
        named = hub.accounts is None or account_id in hub.accounts
        return hub.enabled and named and self.scope.selected(account_id)
