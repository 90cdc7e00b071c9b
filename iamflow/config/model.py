"""The settings as a whole, and what the engine needs of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from iamflow.config import sections
from iamflow.config.aws_sections import Aws
from iamflow.config.environment import DELIMITER, PREFIX, EnvironmentSource
from iamflow.config.fields import write_duration
from iamflow.config.owner_map import read_owner_map
from iamflow.config.rule_sections import OverrideSettings, RuleSettings
from iamflow.config.section import DAY, HOUR, MINUTE
from iamflow.config.workflow_sections import Workflows
from iamflow.domain.accounts import AccountPattern
from iamflow.domain.ids import AccountId
from iamflow.domain.overrides import Override
from iamflow.domain.owners import valid_address
from iamflow.domain.policy import Breaker, Caps, HubPolicy, OwnerRules, Policy, Protection, Timing
from iamflow.domain.retention import Retention
from iamflow.domain.rule_settings import RuleName, Rules
from iamflow.domain.scope import AccountScope
from iamflow.domain.sink import DEFAULT_NAMES, Sink, SinkKind
from iamflow.domain.states import Mode
from iamflow.domain.waits import (
    AutoDelete,
    DeleteUserPolicy,
    DisableKeyPolicy,
    EnforceMfaPolicy,
    MigrateToRolePolicy,
    OrgMfaGuardrailPolicy,
    RootHygienePolicy,
    RotateKeyPolicy,
)

_AWS_LOOKUPS = 2
"""LookupEvents a second that AWS allows in one account and region."""

_WATCHED = 60 * DAY

_LOOKED_UP = 30 * DAY
"""How long people look up what happened to a key, at least."""
_BROWNOUT_LEAST = 30 * MINUTE
"""Twice the step in which IAM moves a key's last use (DOMAIN section 1): a shorter one could pass unseen."""
_BROWNOUT_MOST = 7 * DAY


class Settings(BaseSettings):
    """Everything that can be set. The environment (``IAMFLOW_SECTION__KEY``) wins over the file."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_parse_none_str="null",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Mode = Mode.OBSERVE
    sandbox: bool = False
    database: sections.Database = Field(default_factory=sections.Database)
    journal: sections.Journal = Field(default_factory=sections.Journal)
    aws: Aws = Field(default_factory=Aws)
    accounts: sections.Accounts = Field(default_factory=sections.Accounts)
    protect: sections.Protect = Field(default_factory=sections.Protect)
    rules: RuleSettings = Field(default_factory=RuleSettings)
    workflows: Workflows = Field(default_factory=Workflows)
    owners: sections.Owners = Field(default_factory=sections.Owners)
    approvers: sections.Approvers = Field(default_factory=sections.Approvers)
    notify: sections.Notify = Field(default_factory=sections.Notify)
    security_hub: sections.SecurityHub = Field(default_factory=sections.SecurityHub)
    limits: sections.Limits = Field(default_factory=sections.Limits)
    timing: sections.TimingSettings = Field(default_factory=sections.TimingSettings)
    daemon: sections.Daemon = Field(default_factory=sections.Daemon)
    scan: sections.Scan = Field(default_factory=sections.Scan)
    retention: sections.Retention = Field(default_factory=sections.Retention)

    _base: Path = PrivateAttr(default_factory=Path.cwd)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' own signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' own signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' own signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what the file says. There is no .env file and no secrets folder."""
        return EnvironmentSource(settings_cls), init_settings

    @model_validator(mode="after")
    def _floors(self) -> Self:
        """Refuse waits that no real account should see, and an endpoint that is not AWS (DESIGN 8.9)."""
        if self.sandbox:
            return self
        waits = self.workflows.disable_key
        brownout = waits.brownout if waits.brownout is not None else _BROWNOUT_LEAST
        for name, value, least, text in (
            ("workflows.disable-key.brownout", brownout, _BROWNOUT_LEAST, "30m"),
            ("workflows.disable-key.monitor", waits.monitor, 24 * HOUR, "24h"),
            ("workflows.disable-key.grace", waits.grace, DAY, "1d"),
            ("workflows.disable-key.delivery_lag", waits.delivery_lag, 15 * MINUTE, "15m"),
            ("workflows.enforce-mfa.grace", self.workflows.enforce_mfa.grace, DAY, "1d"),
            ("workflows.delete-user.monitor", self.workflows.delete_user.monitor, 24 * HOUR, "24h"),
            ("workflows.delete-user.grace", self.workflows.delete_user.grace, DAY, "1d"),
            ("workflows.delete-user.delivery_lag", self.workflows.delete_user.delivery_lag, 15 * MINUTE, "15m"),
            ("workflows.migrate-to-role.grace", self.workflows.migrate_to_role.grace, DAY, "1d"),
            ("workflows.migrate-to-role.idle", self.workflows.migrate_to_role.idle, HOUR, "1h"),
            ("workflows.migrate-to-role.monitor", self.workflows.migrate_to_role.monitor, 24 * HOUR, "24h"),
            ("workflows.migrate-to-role.delivery_lag", self.workflows.migrate_to_role.delivery_lag, 15 * MINUTE, "15m"),
            ("workflows.rotate-key.idle", self.workflows.rotate_key.idle, HOUR, "1h"),
            ("workflows.rotate-key.monitor", self.workflows.rotate_key.monitor, 24 * HOUR, "24h"),
            ("workflows.rotate-key.delivery_lag", self.workflows.rotate_key.delivery_lag, 15 * MINUTE, "15m"),
            ("workflows.rotate-key.free_after", self.workflows.rotate_key.free_after, 30 * DAY, "30d"),
            ("workflows.org-mfa-guardrail.monitor", self.workflows.org_mfa_guardrail.monitor, 24 * HOUR, "24h"),
            (
                "workflows.org-mfa-guardrail.delivery_lag",
                self.workflows.org_mfa_guardrail.delivery_lag,
                15 * MINUTE,
                "15m",
            ),
            ("workflows.root-hygiene.remind", self.workflows.root_hygiene.remind, DAY, "1d"),
            ("workflows.root-hygiene.escalate_after", self.workflows.root_hygiene.escalate_after, DAY, "1d"),
            ("workflows.rotate-key.remind", self.workflows.rotate_key.remind, HOUR, "1h"),
            ("workflows.migrate-to-role.remind", self.workflows.migrate_to_role.remind, HOUR, "1h"),
            ("timing.hold_leaves", self.timing.hold_leaves, 24 * HOUR, "24h"),
        ):
            if value < least:
                message = f"{name} must be {text} or more outside the sandbox"
                raise ValueError(message)
        self._kept_long_enough()
        if self.aws.trail_lookups_per_second > _AWS_LOOKUPS:
            message = f"aws.trail_lookups_per_second: AWS allows {_AWS_LOOKUPS} for all tools in the account together"
            raise ValueError(message)
        if self.aws.endpoint_url is not None:
            message = "aws.endpoint_url is only for the sandbox (sandbox: true)"
            raise ValueError(message)
        return self

    def _kept_long_enough(self) -> None:
        """Refuse to remove what the next ticket about the same key is judged by.

        A key that was given back comes again after ``rules.reopen_after``, and then needs an approval: whoever is asked for
        it has to be able to see what used the key the last time, and what was done.
        """
        least = max(_LOOKED_UP, self.rules.reopen_after)
        for name, kept in (("evidence", self.retention.evidence), ("events", self.retention.events)):
            if kept is not None and kept < least:
                message = (
                    f"retention.{name} must be null, or {write_duration(least)} or more (30d, and rules.reopen_after): a key that"
                    " was given back comes again then, and is judged by what was seen before"
                )
                raise ValueError(message)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        enforced, scope = self.accounts.enforce, self._scope()
        both = sorted(set(enforced) & scope.exclude) if enforced != "all" else []
        if both:
            message = f"accounts.enforce names {both[0]}, which accounts.exclude leaves out"
            raise ValueError(message)
        outside = (
            sorted(set(enforced) - scope.include)
            if enforced != "all" and scope.include is not None and not scope.include_patterns
            else []
        )
        if outside:
            message = f"accounts.enforce names {outside[0]}, which accounts.include does not"
            raise ValueError(message)
        waits = self.workflows.disable_key
        if waits.monitor + waits.delivery_lag > _WATCHED:
            message = "workflows.disable-key: monitor and delivery_lag must be at most 60d together: CloudTrail's lookup keeps 90d"
            raise ValueError(message)
        rotating = self.workflows.rotate_key
        if rotating.monitor + rotating.delivery_lag > _WATCHED:
            message = "workflows.rotate-key: monitor and delivery_lag must be at most 60d together: CloudTrail's lookup keeps 90d"
            raise ValueError(message)
        if waits.brownout is not None and not 0 * DAY < waits.brownout <= _BROWNOUT_MOST:
            message = (
                "workflows.disable-key.brownout must be longer than nothing and at most 7d: it is an outage by design"
            )
            raise ValueError(message)
        for name, address in self._addresses():
            if address is not None and valid_address(address) is None:
                message = f"{name}: {address!r} is no mail address"
                raise ValueError(message)
        return self

    def _addresses(self) -> list[tuple[str, str | None]]:
        return [
            ("owners.default", self.owners.default),
            ("notify.sender", self.notify.sender),
            ("notify.team", self.notify.team),
            *((f"accounts.contacts.{account}", address) for account, address in self.accounts.contacts.items()),
        ]

    @property
    def base(self) -> Path:
        """The folder that relative paths are taken from: the settings file's own, so that cron finds the same database."""
        return self._base

    def placed(self, base: Path) -> "Settings":
        """Return these settings with relative paths taken from ``base``."""
        copy = self.model_copy()
        copy._base = base  # noqa: SLF001 - a copy of its own class
        return copy

    def path(self, relative: Path) -> Path:
        """Return where a path of the settings leads."""
        return self._base / relative.expanduser()

    @property
    def database_url(self) -> str:
        """The database's URL, with a relative SQLite file made absolute."""
        prefix = "sqlite:///"
        url = self.database.url
        if not url.startswith(prefix) or url.startswith(prefix + "/") or url == prefix + ":memory:":
            return url
        return prefix + str(self.path(Path(url.removeprefix(prefix))).resolve())

    def kept(self) -> Retention:
        """Return how long things are kept."""
        return Retention(evidence=self.retention.evidence, events=self.retention.events)

    def policy(self) -> Policy:
        """Return the settings that rules and guards depend on. Raises ``ConfigError`` for an unusable owners.map."""
        approvers = {name for group in self.approvers.groups.values() for name in group}
        return Policy(
            mode=self.mode,
            scope=self._scope(),
            rules=Rules(
                max_key_age=self.rules.max_key_age,
                recent_use=self.rules.recent_use,
                auto_deactivate_after=self.rules.auto_deactivate_after,
                reopen_after=self.rules.reopen_after,
                max_fact_age=self.rules.max_fact_age,
                unused_after=self.rules.unused_after,
                opens=self._opens(),
                overrides=tuple(_override(one) for one in self.rules.overrides),
            ),
            disable_key=self._disable_key(),
            enforce_mfa=self._enforce_mfa(),
            delete_user=self._delete_user(),
            rotate_key=self._rotate_key(),
            migrate_to_role=self._migrate_to_role(),
            root_hygiene=RootHygienePolicy(
                grace=self.workflows.root_hygiene.escalate_after, remind=self.workflows.root_hygiene.remind
            ),
            org_mfa_guardrail=self._org_mfa_guardrail(),
            timing=self._timing(),
            protection=Protection(
                users=tuple(self.protect.users),
                tags=tuple(self.protect.tags.items()),
                managed=self.protect.managed,
                managed_tags=tuple(self.protect.managed_tags.items()),
            ),
            caps=Caps(
                per_account_per_day=self.limits.per_account_per_day, percent_of_users=self.limits.percent_of_users
            ),
            breaker=Breaker(
                deactivations=self.limits.breaker.deactivations,
                rollbacks=self.limits.breaker.rollbacks,
                within=self.limits.breaker.within,
            ),
            owners=self._owners(),
            security_hub=self._security_hub(),
            team=self.notify.team,
            contact=self.notify.contact,
            approvers=frozenset(approvers) if self.approvers.groups else None,
            approvals_at_least=tuple(sorted(self.approvers.at_least.items())),
            excused=tuple(sorted(self.aws.regions_excused.items())),
            own_role=self.aws.role_name and self.aws.role_name.rsplit("/", 1)[-1],
        )

    def _opens(self) -> dict[RuleName, str]:
        opens = self.rules.open
        chosen = {
            RuleName.KEY_TOO_OLD: opens.key_too_old,
            RuleName.KEY_IN_USE: opens.key_in_use,
            RuleName.CONSOLE_WITHOUT_MFA: opens.console_without_mfa,
            RuleName.USER_UNUSED: opens.user_unused,
            RuleName.ROOT_WITHOUT_MFA: opens.root_without_mfa,
            RuleName.ROOT_WITH_ACCESS_KEYS: opens.root_with_access_keys,
        }
        return {rule: workflow for rule, workflow in chosen.items() if workflow != "none"}

    def _scope(self) -> AccountScope:
        included, excluded = self.accounts.include, self.accounts.exclude
        listed = [] if included == "all" else included
        return AccountScope(
            include=None if included == "all" else _ids(listed),
            exclude=_ids(excluded),
            enforce=None if self.accounts.enforce == "all" else frozenset(self.accounts.enforce),
            include_patterns=_patterns(listed),
            exclude_patterns=_patterns(excluded),
        )

    def _disable_key(self) -> DisableKeyPolicy:
        waits = self.workflows.disable_key
        return DisableKeyPolicy(
            grace=waits.grace,
            monitor=waits.monitor,
            delivery_lag=waits.delivery_lag,
            auto_delete=AutoDelete(min_idle=waits.auto_delete.min_idle, never_used=waits.auto_delete.never_used),
            approvals=waits.approvals,
            brownout=waits.brownout,
        )

    def _enforce_mfa(self) -> EnforceMfaPolicy:
        chosen = self.workflows.enforce_mfa
        return EnforceMfaPolicy(
            grace=chosen.grace,
            approvals=chosen.approvals,
            policy=chosen.policy,
            exempt_change_password=chosen.exempt_change_password,
        )

    def _delete_user(self) -> DeleteUserPolicy:
        chosen = self.workflows.delete_user
        return DeleteUserPolicy(
            grace=chosen.grace,
            monitor=chosen.monitor,
            delivery_lag=chosen.delivery_lag,
            approvals=chosen.approvals,
            remove_login_profile=chosen.remove_login_profile,
        )

    def _migrate_to_role(self) -> MigrateToRolePolicy:
        chosen = self.workflows.migrate_to_role
        return MigrateToRolePolicy(
            grace=chosen.grace,
            idle=chosen.idle,
            monitor=chosen.monitor,
            delivery_lag=chosen.delivery_lag,
            approvals=chosen.approvals,
            remind=chosen.remind,
            narrow=chosen.narrow,
        )

    def _rotate_key(self) -> RotateKeyPolicy:
        waits = self.workflows.rotate_key
        name = waits.name or DEFAULT_NAMES[waits.sink]
        if waits.sink is SinkKind.FILE:
            name = str(self.path(Path(name)))
        return RotateKeyPolicy(
            grace=waits.grace,
            idle=waits.idle,
            monitor=waits.monitor,
            delivery_lag=waits.delivery_lag,
            approvals=waits.approvals,
            remind=waits.remind,
            free_after=waits.free_after,
            sink=Sink(kind=waits.sink, name=name, region=waits.region, kms_key=waits.kms_key),
        )

    def _org_mfa_guardrail(self) -> OrgMfaGuardrailPolicy:
        chosen = self.workflows.org_mfa_guardrail
        return OrgMfaGuardrailPolicy(
            monitor=chosen.monitor,
            delivery_lag=chosen.delivery_lag,
            approvals=chosen.approvals,
            exempt_change_password=chosen.exempt_change_password,
        )

    def _security_hub(self) -> HubPolicy:
        accounts = self.security_hub.accounts
        return HubPolicy(enabled=self.security_hub.enabled, accounts=frozenset(accounts) if accounts != "all" else None)

    def _timing(self) -> Timing:
        values: dict[str, Any] = self.timing.model_dump(mode="python", exclude={"retry"})
        durations = {name: getattr(self.timing, name) for name in values}
        retry = self.timing.retry
        return Timing(**durations, retry_base=retry.base, retry_most=retry.most, tries=retry.tries)

    def _owners(self) -> OwnerRules:
        return OwnerRules(
            tags=tuple(self.owners.tags),
            people=read_owner_map(self.path(self.owners.map)) if self.owners.map is not None else {},
            contacts={str(account): address for account, address in self.accounts.contacts.items()},
            default=self.owners.default,
            allowed_domains=tuple(self.owners.allowed_domains),
            account_contact=self.owners.account_contact,
            central=tuple(address for address in (self.notify.team, self.notify.contact) if address is not None),
        )


def _ids(choices: Iterable[AccountId | AccountPattern]) -> frozenset[AccountId]:
    return frozenset(choice for choice in choices if not isinstance(choice, AccountPattern))


def _patterns(choices: Iterable[AccountId | AccountPattern]) -> tuple[AccountPattern, ...]:
    return tuple(choice for choice in choices if isinstance(choice, AccountPattern))


def _override(one: OverrideSettings) -> Override:
    return Override(
        accounts=tuple(one.accounts),
        tags=tuple(one.tags.items()),
        max_key_age=one.max_key_age,
        unused_after=one.unused_after,
        opens={rule: None if workflow == "none" else workflow for rule, workflow in one.open.chosen().items()},
    )
