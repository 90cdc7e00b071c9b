"""ECS: services, their task definitions, and which revision lets its tasks take a role."""

import json
from collections.abc import Iterator

from iamflow.aws.answers import required
from iamflow.aws.clients import Answer, Api
from iamflow.domain.blueprint import Standing, Step

_DESCRIBED_MOST = 10
"""The most services that one DescribeServices takes (ECS API reference)."""

REGISTERED = (
    "family",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
)
"""What of a task definition is registered again in another revision (ECS API reference, RegisterTaskDefinition)."""


def cluster_of(arn: str) -> str:
    """Return the cluster of a service from its ARN; older ARNs name none, which means the default one."""
    parts = arn.split(":service/", 1)[-1].split("/")
    return parts[0] if len(parts) > 1 else "default"


def services(ecs: Api) -> Iterator[Answer]:
    """Yield every service of a region, as described."""
    for cluster in _names(ecs, "ListClusters", "clusterArns"):
        arns = list(_names(ecs, "ListServices", "serviceArns", cluster=cluster))
        for start in range(0, len(arns), _DESCRIBED_MOST):
            some = arns[start : start + _DESCRIBED_MOST]
            yield from ecs.call("DescribeServices", cluster=cluster, services=some).get("services", [])


def service(ecs: Api, arn: str) -> Answer | None:
    """Return one service; None where there is none, or it is being deleted."""
    found = ecs.call("DescribeServices", cluster=cluster_of(arn), services=[arn]).get("services", [])
    return next((one for one in found if one.get("status", "ACTIVE") == "ACTIVE"), None)


def definition(ecs: Api, arn: str) -> Answer:
    """Return a task definition, with its tags."""
    answer = ecs.call("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
    return {**answer.get("taskDefinition", {}), "tags": answer.get("tags", [])}


def registered(ecs: Api, step: Step) -> str | None:
    """Return the ARN of the newest active revision whose tasks take the role; None where there is none."""
    role = json.loads(step.document)["role"]
    family, number = _revision(step.target)
    found = [
        arn
        for arn in _names(ecs, "ListTaskDefinitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
        if _revision(arn)[0] == family and _revision(arn)[1] > number
    ]
    newest = sorted(found, key=lambda arn: _revision(arn)[1], reverse=True)
    return next((arn for arn in newest if definition(ecs, arn).get("taskRoleArn") == role), None)


def service_standing(ecs: Api, step: Step) -> Standing:
    """Return how the change of a service stands."""
    told, found = json.loads(step.document), service(ecs, step.target)
    if found is None:
        return Standing.FOREIGN
    current = required(found, "taskDefinition", ecs.attempt_at("DescribeServices"))
    if current == told["before"]:
        return Standing.ABSENT
    return Standing.OURS if definition(ecs, current).get("taskRoleArn") == told["role"] else Standing.FOREIGN


def _revision(arn: str) -> tuple[str, int]:
    """Return the family and the number of a revision from its ARN."""
    family, _, number = arn.rsplit("/", 1)[-1].partition(":")
    return family, int(number or 0)


def _names(ecs: Api, operation: str, key: str, **parameters: object) -> Iterator[str]:
    token: str | None = None
    while True:
        answer = ecs.call(operation, **parameters, **({} if token is None else {"nextToken": token}))
        yield from answer.get(key, [])
        token = answer.get("nextToken")
        if not token:
            return
