"""How far the way of an application from an access key to a role has come: what was found, chosen, planned and made."""

import hashlib
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from iamflow.domain.blueprint import Blueprint, Scenario
from iamflow.domain.evidence import Baseline, Signal, TrailEvent
from iamflow.domain.journal import canonical
from iamflow.domain.rotation import Confirmed


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Something that runs with the key, as AWS shows it."""

    scenario: Scenario
    arn: str
    region: str
    evidence: str
    """How it is known that it uses the key, in words."""
    role: str | None = None
    """The ARN of the role that it has already, whose permissions it goes on needing."""
    variables: tuple[str, ...] = ()
    """The names of the environment variables that hold the key; never what is in them."""
    definition: str | None = None
    """For an ECS service: the ARN of its task definition."""
    profile: str | None = None
    """For an EC2 instance: the ARN of the instance profile that it has already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovery:
    """Where the key was found, and what that lets one propose."""

    at: datetime
    regions: tuple[str, ...]
    places: tuple[Place, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    """(what, why): workloads that could not be listed. What runs there is not known."""
    proposed: Scenario | None = None
    """None: unknown, a person must say."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The scenario and its parameters, as proposed or as a person has set them."""

    scenario: Scenario
    resources: tuple[str, ...] = ()
    """The ARNs of what is to take the role: instances, functions, services."""
    source: str | None = None
    """cross-account: the ARN of the role that may assume the new one."""
    issuer: str | None = None
    """ci-oidc: the URL of the issuer of the pipeline's tokens."""
    audience: str | None = None
    subject: str | None = None
    """ci-oidc: which pipelines, as the token's ``sub`` says it; ``*`` stands for anything."""
    narrow: bool = False
    """Whether the role may do only what the key was seen to do."""
    by: str | None = None
    """Who set it; None where it is iamflow's proposal."""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One migration. All times aware UTC. Holds no secret."""

    discovery: Discovery | None = None
    choice: Choice | None = None
    blueprint: Blueprint | None = None
    obstacle: str | None = None
    """Why there can be no plan yet, in words; None where there is one, or nothing was tried."""
    not_before: datetime | None = None
    """Nothing is made before this date: a maintenance window begins then."""
    done: tuple[str, ...] = ()
    """The ids of the steps that were observed to be done, in order. What counts is what AWS shows."""
    trying: str | None = None
    """The step that was proposed last, made or unmade."""
    tries: int = 0
    """How often it was proposed in a row: one that never shows is not repeated for ever."""
    begun_at: datetime | None = None
    """When the first change was about to be made."""
    changed_at: datetime | None = None
    """When the last change was observed."""
    provisioned_at: datetime | None = None
    """When everything of the blueprint was observed."""
    role_used_at: datetime | None = None
    """When the role was last seen to be used."""
    migrated: Confirmed | None = None
    """The owner's word that nothing uses the key any more."""
    reminded_at: datetime | None = None
    undoing: str | None = None
    """Why everything is being undone, in words; None while it is not."""
    undone_at: datetime | None = None

    @property
    def made(self) -> bool:
        """Whether something of the blueprint may be there, so that leaving the ticket alone is not doing nothing."""
        return self.begun_at is not None and self.undone_at is None

    @property
    def blueprint_made(self) -> Blueprint:
        """The plan. A migration without one has none to ask for."""
        if self.blueprint is None:
            message = "a migration without a plan"
            raise AssertionError(message)
        return self.blueprint

    def digest(self) -> str | None:
        """Return what an approval binds to: everything that would be made, and the choice that it follows from."""
        if self.blueprint is None:
            return None
        return hashlib.sha256(canonical({"blueprint": asdict(self.blueprint)}).encode()).hexdigest()


def started(not_before: datetime | None = None) -> Migration:
    """Return a migration of which nothing is known yet."""
    return Migration(not_before=not_before)


def chosen(migration: Migration, choice: Choice) -> Migration:
    """Return the migration with another choice; the plan of the earlier one is gone."""
    return replace(migration, choice=choice, blueprint=None, obstacle=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grants:
    """Every permission that the role is to have, by what it comes from. Documents are JSON texts."""

    inline: tuple[tuple[str, str], ...] = ()
    """(where from, document) of each inline policy: of the user, its groups, the roles that the application has."""
    attached: tuple[str, ...] = ()
    """The ARNs of the managed policies, each once."""
    boundary: str | None = None
    """The ARN of the user's permissions boundary."""
    providers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(ARN, audiences) of each identity provider of the account."""
    partition: str = "aws"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workloads:
    """What AWS shows of the workloads that use a key."""

    regions: tuple[str, ...]
    places: tuple[Place, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


_SEEN_MOST = 5
TRIES_MOST = 4
"""After so many tries at one step a person looks before another one: each may have left something in AWS."""


def tried(migration: Migration, step: str) -> Migration:
    """Return the migration with one more try at a step, made (its id) or unmade (its id after a minus)."""
    return replace(migration, trying=step, tries=migration.tries + 1 if migration.trying == step else 1)


def first_discovery(baseline: Baseline | None, signals: tuple[Signal, ...], now: datetime) -> Discovery:
    """Return what an earlier ticket about the key saw of its use: calls and where they came from, and no workload yet."""
    activities = baseline.activities if baseline is not None else ()
    seen = [f"{one.name} ({one.source}) from {one.source_ip} with {one.user_agent}" for one in activities[:_SEEN_MOST]]
    seen += [signal.sentence for signal in signals[-_SEEN_MOST:]]
    regions = baseline.regions if baseline is not None else ()
    return Discovery(at=now, regions=regions, why=f"seen by the ticket before: {'; '.join(seen) or 'nothing'}")


def idle_since(migration: Migration, used: datetime | None) -> datetime | None:
    """Return since when the key counts as idle: its last use, but not before the role was there to be taken."""
    if migration.provisioned_at is None:
        return None
    return max(migration.provisioned_at, used) if used is not None else migration.provisioned_at


def is_adoption(event: TrailEvent) -> bool:
    """Return whether an event is that somebody, or a service for an application, took a role."""
    return event.name.startswith("AssumeRole") and event.error_code is None
