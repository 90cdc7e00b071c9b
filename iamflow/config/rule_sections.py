"""The sections of the settings about rules: when something is a finding, and what deals with it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from iamflow.config.fields import (
    Duration,
    Names,
)
from iamflow.config.section import DAY, Section


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
