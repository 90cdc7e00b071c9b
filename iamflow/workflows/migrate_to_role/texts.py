"""The plan in words: each step, what undoes it, and what a person should know before approving."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from iamflow.domain.blueprint import Blueprint, Step
from iamflow.domain.effect import EffectKind

_SHORT = {
    EffectKind.CREATE_PROVIDER: "identity provider",
    EffectKind.CREATE_ROLE: "role",
    EffectKind.PUT_ROLE_POLICY: "inline policy",
    EffectKind.ATTACH_ROLE_POLICY: "attached policy",
    EffectKind.CREATE_PROFILE: "instance profile",
    EffectKind.ASSOCIATE_PROFILE: "instance",
    EffectKind.UPDATE_FUNCTION: "function",
    EffectKind.REGISTER_TASK: "task definition",
    EffectKind.UPDATE_SERVICE: "service",
}


def summary(blueprint: Blueprint) -> str:
    """Return what would be made or changed, counted: ``1 role, 2 inline policies, 1 function``."""
    counts = Counter(_SHORT[step.kind] for step in blueprint.steps if step.kind in _SHORT)
    return ", ".join(f"{count} {_plural(name) if count > 1 else name}" for name, count in counts.items())


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def steps(blueprint: Blueprint) -> Iterator[str]:
    """Yield a sentence for each step, in the order in which they are made."""
    for number, step in enumerate(blueprint.steps, start=1):
        yield f"{number}. {_sentence(step)}"


def _sentence(step: Step) -> str:
    told: Any = json.loads(step.document)
    match step.kind:
        case EffectKind.CREATE_PROVIDER:
            what = f"create the OIDC provider {told['url']} with the audience {told['audience']}"
            text = f"{what}; undone by deleting it, unless others trust it"
        case EffectKind.CREATE_ROLE:
            text = f"create the role {step.target}, trusted by {_principal(told['trust'])}; undone by deleting it"
        case EffectKind.PUT_ROLE_POLICY:
            text = f"put the inline policy {step.target} on it; undone by removing it"
        case EffectKind.ATTACH_ROLE_POLICY:
            text = f"attach {step.target} to it; undone by detaching it"
        case EffectKind.CREATE_PROFILE:
            text = f"create the instance profile {step.target}; undone by deleting it"
        case EffectKind.FILL_PROFILE:
            text = "put the role into the instance profile; undone by taking it out"
        case EffectKind.ASSOCIATE_PROFILE:
            text = f"associate {step.target} with the instance profile; undone by ending the association"
        case _:
            text = _of_workload(step, told)
    return text


def _of_workload(step: Step, told: Any) -> str:  # noqa: ANN401 - any JSON value
    names = ", ".join(told.get("variables", [])) or "nothing"
    match step.kind:
        case EffectKind.PUBLISH_VERSION:
            return f"publish a version of {step.target} as it is, where AWS keeps its environment; undone by deleting that version"
        case EffectKind.UPDATE_FUNCTION:
            return (
                f"give {step.target} the role instead of {told['before']}, and take {names} out of its environment; "
                "undone from the published version"
            )
        case EffectKind.REGISTER_TASK:
            before = told["before"] or "no task role"
            return f"register {step.target} again with the role instead of {before}, without {names}; undone by deregistering it"
        case _:
            return f"let {step.target} run the new revision; undone by letting it run {told['before']} again"


def _principal(trust: Any) -> str:  # noqa: ANN401 - any JSON value
    statement = trust["Statement"][0]
    (principal,) = statement["Principal"].values()
    conditions = [f"{key} {value}" for test in statement.get("Condition", {}).values() for key, value in test.items()]
    return f"{principal}{' where ' + ' and '.join(conditions) if conditions else ''}"
