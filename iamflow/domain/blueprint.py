"""What would be made so that an application needs no access key: a role, and the changes that let the application take it.

Each step is one AWS call with its undoing, and is judged by reading AWS alone: it is not there (yet), it is there as planned,
or there is something else in its place. Nothing of that is remembered, so that a crash at any moment changes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName

TAG = "iamflow:ticket"
"""The tag of whatever iamflow makes; its value is the ticket's number."""

_NAME_MOST = 64
_REGION = re.compile(r"arn:[\w-]+:(?:lambda|ecs|ec2):([a-z0-9-]+):")

UNDOING: Mapping[EffectKind, EffectKind] = {
    EffectKind.CREATE_PROVIDER: EffectKind.DELETE_PROVIDER,
    EffectKind.CREATE_ROLE: EffectKind.DELETE_ROLE,
    EffectKind.PUT_ROLE_POLICY: EffectKind.DELETE_ROLE_POLICY,
    EffectKind.ATTACH_ROLE_POLICY: EffectKind.DETACH_ROLE_POLICY,
    EffectKind.CREATE_PROFILE: EffectKind.DELETE_PROFILE,
    EffectKind.FILL_PROFILE: EffectKind.EMPTY_PROFILE,
    EffectKind.ASSOCIATE_PROFILE: EffectKind.DISASSOCIATE_PROFILE,
    EffectKind.PUBLISH_VERSION: EffectKind.DELETE_VERSION,
    EffectKind.UPDATE_FUNCTION: EffectKind.RESTORE_FUNCTION,
    EffectKind.REGISTER_TASK: EffectKind.DEREGISTER_TASK,
    EffectKind.UPDATE_SERVICE: EffectKind.RESTORE_SERVICE,
}
"""What undoes each step."""

IN_IAM = frozenset(
    {
        EffectKind.CREATE_PROVIDER,
        EffectKind.CREATE_ROLE,
        EffectKind.PUT_ROLE_POLICY,
        EffectKind.ATTACH_ROLE_POLICY,
        EffectKind.CREATE_PROFILE,
        EffectKind.FILL_PROFILE,
    }
)
"""The steps that make something in IAM, which other services know of only after a while."""


class Scenario(StrEnum):
    """Where the application runs, and so how it comes by the role."""

    EC2 = "ec2"
    LAMBDA = "lambda"
    ECS = "ecs"
    CROSS_ACCOUNT = "cross-account"
    CI_OIDC = "ci-oidc"


class Standing(StrEnum):
    """How a step of a blueprint stands in AWS."""

    ABSENT = "absent"
    """Not done, or undone: everything is as before."""
    OURS = "ours"
    """Done, exactly as planned."""
    SHARED = "shared"
    """Done as planned, and others rely on it by now: it is not undone."""
    FOREIGN = "foreign"
    """Neither: somebody else has made or changed it, and it is left alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One change, and everything that making and undoing it needs. ``document`` is JSON; it holds no secret."""

    kind: EffectKind
    target: str
    document: str

    @property
    def id(self) -> str:
        """What distinguishes the step from the others of its blueprint."""
        return f"{self.kind.value} {self.target}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """Every change of a migration, in the order in which they are made; they are undone in the reverse order."""

    ticket_id: TicketId
    scenario: Scenario
    role: str
    """The name of the role, which is also that of its instance profile."""
    role_arn: str
    steps: tuple[Step, ...]
    provider: str | None = None
    """The ARN of the identity provider that the role trusts, which may have been there before."""
    warnings: tuple[str, ...] = ()
    """What a person should know before he approves."""

    def step_of(self, effect: Effect) -> Step | None:
        """Return the step that an effect makes or undoes; None where it is no step of this blueprint."""
        return next(
            (
                step
                for step in self.steps
                if effect.kind in {step.kind, UNDOING[step.kind]}
                and (effect.targets, effect.document) == ((step.target,), step.document)
            ),
            None,
        )


Standings = Mapping[str, Standing]
"""How each step stands, by its id, as read at one moment."""


def role_name(username: str, ticket_id: TicketId) -> str:
    """Return the name of a ticket's role. A long user name is cut short, never the ticket's number."""
    ending = f"-{ticket_id}"
    return f"iamflow-{username}"[: _NAME_MOST - len(ending)] + ending


def missing(blueprint: Blueprint, standings: Standings) -> tuple[Step, ...]:
    """Return the steps that are not done, in order."""
    done = {Standing.OURS, Standing.SHARED}
    return tuple(step for step in blueprint.steps if standings.get(step.id) not in done)


def left(blueprint: Blueprint, standings: Standings) -> tuple[Step, ...]:
    """Return the steps that are done and must be undone, in the order of undoing."""
    return tuple(step for step in reversed(blueprint.steps) if standings.get(step.id) is Standing.OURS)


def foreign(blueprint: Blueprint, standings: Standings) -> tuple[Step, ...]:
    """Return the steps in whose place is something else."""
    return tuple(step for step in blueprint.steps if standings.get(step.id) is Standing.FOREIGN)


def effect_for(step: Step, subject: tuple[AccountId, UserName, KeyId | None], *, undo: bool = False) -> Effect:
    """Return the effect that makes a step, or undoes it."""
    account_id, username, key_id = subject
    return Effect(
        kind=UNDOING[step.kind] if undo else step.kind,
        account_id=account_id,
        username=username,
        key_id=key_id,
        targets=(step.target,),
        document=step.document,
    )


def region_in(target: str) -> str | None:
    """Return the region of a resource's ARN; None for a name, and for an ARN of IAM."""
    found = _REGION.match(target)
    return found[1] if found else None
