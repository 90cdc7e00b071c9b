"""Lambda functions: whether one holds a key in its environment, and what was changed of it.

An environment holds secrets. It is looked at in memory and never returned from here: what leaves are names of variables.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iamflow.aws.clients import Answer, Api
from iamflow.aws.codes import code_of
from iamflow.domain.blueprint import Standing, Step
from iamflow.domain.errors import BlockedError, PermanentError

_GONE = frozenset({"ResourceNotFoundException"})
_LATEST = "$LATEST"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a step changes of a function: the role, and the variables that it takes out, and where these are kept."""

    role: str
    before: str
    variables: tuple[str, ...]
    description: str
    """How the published version that keeps them is described."""

    @classmethod
    def of(cls, document: str) -> "Change":
        """Read a step's document."""
        told = json.loads(document)
        return cls(
            role=told["role"],
            before=told["before"],
            variables=tuple(told["variables"]),
            description=told["description"],
        )


def name_of(arn: str) -> str:
    """Return the name of a function from its ARN; whoever has the ARN opened the client in its region and account."""
    return arn.split(":")[6]


def listed(api: Api) -> Iterator[Answer]:
    """Yield the configuration of every function of a region, with its environment."""
    marker: str | None = None
    while True:
        answer = api.call("ListFunctions", **({} if marker is None else {"Marker": marker}))
        yield from answer.get("Functions", [])
        marker = answer.get("NextMarker")
        if not marker:
            return


def configuration(api: Api, arn: str) -> Answer | None:
    """Return a function's configuration; None where there is no such function."""
    try:
        return api.call("GetFunctionConfiguration", FunctionName=name_of(arn))
    except PermanentError as error:
        if code_of(error) in _GONE:
            return None
        raise


def environment(configured: Answer) -> Mapping[str, str]:
    """Return the variables. Raises ``BlockedError`` where AWS could not decrypt them: putting them back would lose them."""
    told = configured.get("Environment") or {}
    if told.get("Error"):
        arn = configured.get("FunctionArn")
        message = f"the environment of {arn} cannot be decrypted: allow kms:Decrypt on its key, then retry"
        raise BlockedError(message, code="environment_unread")
    return dict(told.get("Variables") or {})


def standing(api: Api, step: Step) -> Standing:
    """Return how the change of a function stands."""
    change, found = Change.of(step.document), configuration(api, step.target)
    if found is None:
        return Standing.FOREIGN
    if found.get("Role") == change.role:
        return Standing.OURS
    untouched = found.get("Role") == change.before and set(change.variables) <= set(environment(found))
    return Standing.ABSENT if untouched else Standing.FOREIGN


def version_standing(api: Api, step: Step) -> Standing:
    """Return how the version that keeps the old environment stands; one that was there before serves as well, and stays."""
    if configuration(api, step.target) is None:
        return Standing.FOREIGN
    found = kept(api, step.target, Change.of(step.document))
    if found is None:
        return Standing.ABSENT
    ours = found.get("Description") == Change.of(step.document).description
    return Standing.OURS if ours else Standing.SHARED


def kept(api: Api, arn: str, change: Change) -> Answer | None:
    """Return the published version that has the function as it was, ours before any other; None where there is none.

    Where nothing had changed since the last version, AWS publishes no other one (Lambda API reference, PublishVersion).
    """
    versions = list(_versions(api, arn))
    latest = next((version for version in versions if version.get("Version") == _LATEST), None)
    numbered = [version for version in versions if version.get("Version") != _LATEST]
    for version in numbered:
        if version.get("Description") == change.description:
            return version
    fitting = [version for version in numbered if latest is not None and _as_before(version, latest, change)]
    return max(fitting, key=lambda version: int(version["Version"]), default=None)


def _as_before(version: Answer, latest: Answer, change: Change) -> bool:
    mine, now = dict(environment(version)), dict(environment(latest))
    if version.get("Role") != change.before or not set(change.variables) <= set(mine):
        return False
    for name in change.variables:
        del mine[name]
        now.pop(name, None)
    return mine == now and version.get("CodeSha256") == latest.get("CodeSha256")


def _versions(api: Api, arn: str) -> Iterator[Answer]:
    marker: str | None = None
    while True:
        more = {} if marker is None else {"Marker": marker}
        answer = api.call("ListVersionsByFunction", FunctionName=name_of(arn), **more)
        yield from answer.get("Versions", [])
        marker = answer.get("NextMarker")
        if not marker:
            return
