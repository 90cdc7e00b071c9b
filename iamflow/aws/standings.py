"""How each step of a blueprint stands in AWS now: not there, there as planned, or something else in its place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from iamflow.aws import functions, tasks
from iamflow.aws.answers import instant
from iamflow.aws.clients import Answer, Api
from iamflow.aws.instances import association
from iamflow.aws.parts import unless_gone
from iamflow.domain.blueprint import TAG, Blueprint, Standing, Step, region_in
from iamflow.domain.effect import EffectKind

Opens = Callable[[str, str], Api]
"""Returns a service in a region, to read from."""


def read(opens: Opens, iam: Api, blueprint: Blueprint) -> tuple[dict[str, Standing], datetime | None]:
    """Return how each step stands, by its id, and when the role was last used; None for never, and for no data."""
    reader = _Reader(opens=opens, iam=iam, blueprint=blueprint)
    return {step.id: _JUDGES[step.kind](reader, step) for step in blueprint.steps}, reader.role_used_at()


@dataclass
class _Reader:
    """Reads what several steps are judged by once."""

    opens: Opens
    iam: Api
    blueprint: Blueprint
    _read: dict[str, Answer | None] = field(default_factory=dict)

    @property
    def ours(self) -> str:
        """The tag that says that something is this ticket's."""
        return str(self.blueprint.ticket_id)

    def role(self) -> Answer | None:
        """Return the role of the planned name."""
        return self._once("role", "Role", "GetRole", RoleName=self.blueprint.role)

    def profile(self) -> Answer | None:
        """Return the instance profile of the planned name."""
        return self._once("profile", "InstanceProfile", "GetInstanceProfile", InstanceProfileName=self.blueprint.role)

    def role_used_at(self) -> datetime | None:
        """Return when the role was last used, as IAM tells it: some hours late."""
        role = self.role()
        return None if role is None else instant(role.get("RoleLastUsed", {}).get("LastUsedDate"))

    def service(self, name: str, step: Step) -> Api:
        """Return a service in the region of a step's target."""
        return self.opens(name, region_in(step.target) or self.iam.attempt.region)

    def _once(self, name: str, key: str, operation: str, **parameters: object) -> Answer | None:
        if name not in self._read:
            answer = unless_gone(self.iam, operation, **parameters)
            self._read[name] = None if answer is None else answer[key]
        return self._read[name]


def tagged(tags: object, ticket: str) -> bool:
    """Return whether a list of tags says that something was made for this ticket."""
    return isinstance(tags, list) and any(
        (tag.get("Key"), tag.get("Value")) == (TAG, ticket) or (tag.get("key"), tag.get("value")) == (TAG, ticket)
        for tag in tags
    )


def _role(reader: _Reader, step: Step) -> Standing:
    role = reader.role()
    if role is None:
        return Standing.ABSENT
    wanted = json.loads(step.document)
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    same = (_document(role.get("AssumeRolePolicyDocument")), boundary) == (wanted["trust"], wanted["boundary"])
    return Standing.OURS if same and tagged(role.get("Tags"), reader.ours) else Standing.FOREIGN


def _of_role(reader: _Reader) -> Standing | None:
    """Return how whatever belongs to the role stands where the role itself is not there, or not this ticket's."""
    role = reader.role()
    if role is None:
        return Standing.ABSENT
    return None if tagged(role.get("Tags"), reader.ours) else Standing.FOREIGN


def _role_policy(reader: _Reader, step: Step) -> Standing:
    of_role = _of_role(reader)
    if of_role is not None:
        return of_role
    answer = unless_gone(reader.iam, "GetRolePolicy", RoleName=reader.blueprint.role, PolicyName=step.target)
    if answer is None:
        return Standing.ABSENT
    wanted = _document(json.loads(step.document)["policy"])
    return Standing.OURS if _document(answer.get("PolicyDocument")) == wanted else Standing.FOREIGN


def _role_attachment(reader: _Reader, step: Step) -> Standing:
    of_role = _of_role(reader)
    if of_role is not None:
        return of_role
    rows = reader.iam.rows("ListAttachedRolePolicies", "AttachedPolicies", RoleName=reader.blueprint.role)
    return Standing.OURS if any(row.get("PolicyArn") == step.target for row in rows) else Standing.ABSENT


def _profile(reader: _Reader, _: Step) -> Standing:
    profile = reader.profile()
    if profile is None:
        return Standing.ABSENT
    return Standing.OURS if tagged(profile.get("Tags"), reader.ours) else Standing.FOREIGN


def _filling(reader: _Reader, _: Step) -> Standing:
    profile = reader.profile()
    if profile is None or not profile.get("Roles"):
        return Standing.ABSENT
    names = [role.get("RoleName") for role in profile["Roles"]]
    ours = tagged(profile.get("Tags"), reader.ours) and names == [reader.blueprint.role]
    return Standing.OURS if ours else Standing.FOREIGN


def _association(reader: _Reader, step: Step) -> Standing:
    found = association(reader.service("ec2", step), step.target)
    if found is None:
        return Standing.ABSENT
    return Standing.OURS if found[1] == json.loads(step.document)["profile"] else Standing.FOREIGN


def _provider(reader: _Reader, step: Step) -> Standing:
    answer = unless_gone(reader.iam, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=step.target)
    if answer is None:
        return Standing.ABSENT
    if not tagged(answer.get("Tags"), reader.ours):
        return Standing.FOREIGN
    others = [
        role
        for role in reader.iam.rows("ListRoles", "Roles")
        if role.get("RoleName") != reader.blueprint.role and _trusts(role, step.target)
    ]
    return Standing.SHARED if others else Standing.OURS


def _trusts(role: Answer, provider: str) -> bool:
    return provider in json.dumps(_document(role.get("AssumeRolePolicyDocument")))


def _document(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a policy document as a value; botocore has decoded most of them already."""
    return json.loads(value) if isinstance(value, str) else value


def _version(reader: _Reader, step: Step) -> Standing:
    return functions.version_standing(reader.service("lambda", step), step)


def _function(reader: _Reader, step: Step) -> Standing:
    return functions.standing(reader.service("lambda", step), step)


def _task(reader: _Reader, step: Step) -> Standing:
    found = tasks.registered(reader.service("ecs", step), step)
    return Standing.ABSENT if found is None else Standing.OURS


def _service(reader: _Reader, step: Step) -> Standing:
    return tasks.service_standing(reader.service("ecs", step), step)


_JUDGES: Mapping[EffectKind, Callable[[_Reader, Step], Standing]] = {
    EffectKind.CREATE_PROVIDER: _provider,
    EffectKind.CREATE_ROLE: _role,
    EffectKind.PUT_ROLE_POLICY: _role_policy,
    EffectKind.ATTACH_ROLE_POLICY: _role_attachment,
    EffectKind.CREATE_PROFILE: _profile,
    EffectKind.FILL_PROFILE: _filling,
    EffectKind.ASSOCIATE_PROFILE: _association,
    EffectKind.PUBLISH_VERSION: _version,
    EffectKind.UPDATE_FUNCTION: _function,
    EffectKind.REGISTER_TASK: _task,
    EffectKind.UPDATE_SERVICE: _service,
}
