"""The settings that rules and guards depend on, as plain values. ``iamflow.config`` builds them from the YAML file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from iamflow.domain.accounts import AccountPattern, By, MemberAccount
from iamflow.domain.ids import AccountId
from iamflow.domain.overrides import Override, account_fits
from iamflow.domain.require_mfa import How
from iamflow.domain.sink import Sink
from iamflow.domain.states import Mode

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


class RuleName(StrEnum):
    """The name of a rule, as ``finding list --rule`` takes it."""

    KEY_TOO_OLD = "key-too-old"
    """Active, and created more than ``rules.max_key_age`` ago."""
    KEY_IN_USE = "key-in-use"
    """As ``key-too-old``, of a key that was used within ``rules.recent_use``: listed as that, but for another workflow."""
    CONSOLE_WITHOUT_MFA = "console-without-mfa"
    """A console password, and no MFA device."""
    ROOT_WITHOUT_MFA = "root-without-mfa"
    """An account's root user without an MFA device."""
    ROOT_WITH_ACCESS_KEYS = "root-with-access-keys"
    """An account's root user that has access keys."""
    USER_UNUSED = "user-unused"
    """No use of console or keys for ``rules.unused_after``; where none is known, the oldest key is older than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """When something is a finding, and how long a closed one stays closed."""

    max_key_age: timedelta = 90 * DAY
    unused_after: timedelta = 90 * DAY
    recent_use: timedelta = 7 * DAY
    auto_deactivate_after: timedelta | None = None
    """For how long a key must be known not to have been used for its deactivation by time alone; None for ``recent_use``."""
    reopen_after: timedelta = 30 * DAY
    max_fact_age: timedelta = 7 * DAY
    opens: Mapping[RuleName, str] = field(
        default_factory=lambda: {
            RuleName.KEY_TOO_OLD: "disable-key",
            RuleName.KEY_IN_USE: "disable-key",
            RuleName.CONSOLE_WITHOUT_MFA: "enforce-mfa",
            RuleName.ROOT_WITHOUT_MFA: "root-hygiene",
            RuleName.ROOT_WITH_ACCESS_KEYS: "root-hygiene",
            RuleName.USER_UNUSED: "delete-user",
        }
    )
    """Which workflow each rule opens a ticket of. A rule that is not named is not applied."""
    overrides: tuple[Override, ...] = ()
    """What differs in some accounts or for some users. The first that fits counts, and no other."""

    def opened_by(self, rule: RuleName) -> str | None:
        """Return the workflow that deals with what a rule finds; None for a rule that is not applied."""
        return self.opens.get(rule)

    def override_for(self, account_id: AccountId, account_name: str, tags: Mapping[str, str]) -> Override | None:
        """Return the override that counts for a user with these tags; None where the general rules do."""
        possible = (one for one in self.overrides if one.fits_account(account_id, account_name))
        return next((one for one in possible if one.fits_tags(tags)), None)

    def of(self, account_id: AccountId, account_name: str, tags: Mapping[str, str]) -> "Rules":
        """Return the rules for a user with these tags, as read from AWS."""
        return self._under(self.override_for(account_id, account_name, tags))

    def at_intake(self, account_id: AccountId, account_name: str) -> "Rules":
        """Return the rules for a user whose tags are not known yet: the strictest of those that may turn out to count.

        A ticket that is opened by them waits where the tags say otherwise, once they have been read.
        """
        if not self.overrides:
            return self
        possible = [self._under(one) for one in self._possible(account_id, account_name)]
        return replace(
            possible[-1],
            max_key_age=min(rules.max_key_age for rules in possible),
            unused_after=min(rules.unused_after for rules in possible),
        )

    @property
    def least_key_age(self) -> timedelta:
        """The age above which a key may be a finding in any account at all."""
        return min([self.max_key_age, *(one.max_key_age for one in self.overrides if one.max_key_age is not None)])

    @property
    def applied(self) -> frozenset[str]:
        """The names of the rules that are applied in any account at all."""
        more = {rule for one in self.overrides for rule, workflow in one.opens.items() if workflow is not None}
        return frozenset({*self.opens, *more})

    @property
    def by_tag(self) -> bool:
        """Whether any override depends on tags."""
        return any(one.tags for one in self.overrides)

    def _possible(self, account_id: AccountId, account_name: str) -> Iterator[Override | None]:
        """Yield what may count in an account, ending with what counts for users whose tags fit nothing."""
        for one in self.overrides:
            if one.fits_account(account_id, account_name):
                yield one
                if not one.tags:
                    return
        yield None

    def _under(self, one: Override | None) -> "Rules":
        if one is None:
            return replace(self, overrides=())
        merged: dict[str, str | None] = {rule.value: workflow for rule, workflow in self.opens.items()}
        merged.update(one.opens)
        return replace(
            self,
            max_key_age=self.max_key_age if one.max_key_age is None else one.max_key_age,
            unused_after=self.unused_after if one.unused_after is None else one.unused_after,
            opens={RuleName(rule): workflow for rule, workflow in merged.items() if workflow is not None},
            overrides=(),
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
class AccountScope:
    """Which accounts are looked at, and in which of them iamflow may act. ``None`` means all of them.

    Which accounts a pattern fits, only the organisation knows. Until it was asked (``resolved``), an account is chosen by
    nothing but its id, and where there is a pattern for what is left out, none is: it could be one of those.
    """

    include: frozenset[AccountId] | None = None
    exclude: frozenset[AccountId] = frozenset()
    enforce: frozenset[AccountId] | None = frozenset()
    include_patterns: tuple[AccountPattern, ...] = ()
    exclude_patterns: tuple[AccountPattern, ...] = ()

    def selected(self, account_id: AccountId) -> bool:
        """Return whether the account is looked at, at all."""
        if account_id in self.exclude or self.exclude_patterns:
            return False
        return self.include is None or account_id in self.include

    def enforced(self, account_id: AccountId) -> bool:
        """Return whether iamflow may act in the account when the mode is ``enforce``."""
        return self.selected(account_id) and (self.enforce is None or account_id in self.enforce)

    @property
    def patterns(self) -> tuple[AccountPattern, ...]:
        """Every pattern; none, where ids alone choose."""
        return self.include_patterns + self.exclude_patterns

    @property
    def units(self) -> tuple[str, ...]:
        """The organisational units that must be asked about."""
        return tuple(dict.fromkeys(pattern.text for pattern in self.patterns if pattern.by is By.UNIT))

    @property
    def by_tags(self) -> bool:
        """Whether the tags of accounts must be asked for."""
        return any(pattern.by is By.TAG for pattern in self.patterns)

    def chooses(self, account: MemberAccount) -> bool:
        """Return whether an account is looked at, of which everything is known that the patterns ask about."""
        if account.account_id in self.exclude or any(pattern.fits(account) for pattern in self.exclude_patterns):
            return False
        if self.include is None or account.account_id in self.include:
            return True
        return any(pattern.fits(account) for pattern in self.include_patterns)

    def resolved(self, accounts: Iterable[MemberAccount]) -> "AccountScope":
        """Return the scope with ids in the place of patterns. Accounts that joined the organisation since are not in it."""
        if not self.patterns:
            return self
        chosen = {account.account_id for account in accounts if self.chooses(account)}
        # An account outside of the organisation may be named, but nobody can say that no pattern leaves it out.
        named = {one for one in self.include or () if self.selected(one)}
        return replace(self, include=frozenset(chosen | named), include_patterns=(), exclude_patterns=())


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
