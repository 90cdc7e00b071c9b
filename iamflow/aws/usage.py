"""Where a key is used: the functions, services and instances that hold it, or that have an address that it was used from.

Environments hold secrets: what is returned are the names of variables, never what is in them. What could not be looked
through is said, and never counts as "not used there".
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from iamflow.aws import functions, instances, tasks
from iamflow.aws.clients import Answer, Api
from iamflow.domain.blueprint import Scenario, region_in
from iamflow.domain.errors import BlockedError
from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.migration import Place, Workloads

USUAL = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""How variables that hold a key are usually called."""

_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_SERVICES = ("lambda", "ecs", "ec2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is looked for."""

    account_id: AccountId
    key_id: KeyId
    regions: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    """Where CloudTrail saw the key used from."""
    named: tuple[str, ...] = ()
    """ARNs that a person has named; they are looked at whether or not they seem to use the key."""


def holding(variables: Mapping[str, str], key_id: str) -> tuple[str, ...]:
    """Return the names of the variables that hold a key: its id, and what is most likely its secret. Nothing without the id."""
    ids = [name for name, value in variables.items() if value == key_id]
    if not ids:
        return ()
    secrets = [name for name, value in variables.items() if _SECRET.fullmatch(value)]
    likely = [name for name in secrets if "SECRET" in name.upper()] or (secrets if len(secrets) == 1 else [])
    return tuple(sorted({*ids, *likely}))


def find(opens: Callable[[str, str], Api], question: Question) -> Workloads:
    """Look through every region. Raises what a call raises, but for what is denied: that is noted."""
    finder = _Finder(opens=opens, question=question)
    places: list[Place] = []
    for region in question.regions:
        for service in _SERVICES:
            try:
                places += finder.in_region(service, region)
            except BlockedError as error:
                finder.unread.append((f"{service} in {region}", str(error)))
    known = {place.arn for place in places}
    places += [place for arn in question.named if arn not in known for place in finder.named(arn)]
    return Workloads(regions=question.regions, places=tuple(places), unread=tuple(finder.unread))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Finder:
    opens: Callable[[str, str], Api]
    question: Question
    unread: list[tuple[str, str]] = field(default_factory=list)
    """(what, why): what could not be looked through."""

    def in_region(self, service: str, region: str) -> Iterator[Place]:
        """Yield what uses the key there."""
        match service:
            case "lambda":
                for configured in functions.listed(self.opens(service, region)):
                    try:
                        yield from self._function(configured, region, named=False)
                    except BlockedError as error:
                        self.unread.append((str(configured.get("FunctionArn")), str(error)))
            case "ecs":
                yield from self._services(region)
            case _:
                yield from self._instances(region)

    def named(self, arn: str) -> Iterator[Place]:
        """Yield one resource that a person has named."""
        region = region_in(arn)
        if region is None:
            return
        service = arn.split(":")[2]
        api = self.opens(service, region)
        if service == "lambda":
            configured = functions.configuration(api, arn)
            yield from self._function(configured, region, named=True) if configured is not None else ()
        elif service == "ecs":
            found = tasks.service(api, arn)
            yield from self._service(api, found, region, named=True) if found is not None else ()
        else:
            instance = instances.named(api, arn)
            if instance is not None:
                yield self._instance(instance, region, "named by a person")

    def _function(self, configured: Answer, region: str, *, named: bool) -> Iterator[Place]:
        variables = functions.environment(configured)
        held = holding(variables, self.question.key_id)
        if not held and named:
            held = tuple(name for name in USUAL if name in variables)
        if held or named:
            yield Place(
                scenario=Scenario.LAMBDA,
                arn=_unqualified(str(configured["FunctionArn"])),
                region=region,
                evidence=_evidence(held),
                role=configured.get("Role"),
                variables=held,
            )

    def _services(self, region: str) -> Iterator[Place]:
        ecs = self.opens("ecs", region)
        for found in tasks.services(ecs):
            yield from self._service(ecs, found, region, named=False)

    def _service(self, ecs: Api, found: Answer, region: str, *, named: bool) -> Iterator[Place]:
        definition = tasks.definition(ecs, str(found["taskDefinition"]))
        held = _in_containers(definition.get("containerDefinitions", []), self.question.key_id, named=named)
        if held or named:
            yield Place(
                scenario=Scenario.ECS,
                arn=str(found["serviceArn"]),
                region=region,
                evidence=_evidence(held),
                role=definition.get("taskRoleArn"),
                variables=held,
                definition=str(found["taskDefinition"]),
            )

    def _instances(self, region: str) -> Iterator[Place]:
        addresses = [address for address in self.question.addresses if _is_address(address)]
        if addresses:
            for instance, address in instances.with_addresses(self.opens("ec2", region), addresses):
                yield self._instance(instance, region, f"the key was used from its address {address}")

    def _instance(self, instance: Answer, region: str, evidence: str) -> Place:
        partition = self.opens("ec2", region).partition
        profile = instance.get("IamInstanceProfile") or {}
        return Place(
            scenario=Scenario.EC2,
            arn=f"arn:{partition}:ec2:{region}:{self.question.account_id}:instance/{instance['InstanceId']}",
            region=region,
            evidence=evidence,
            profile=profile.get("Arn"),
        )


def _in_containers(containers: Sequence[Answer], key_id: str, *, named: bool) -> tuple[str, ...]:
    """Return the variables that hold the key in any container, those that come from a secret store included."""
    held: set[str] = set()
    for container in containers:
        variables = {item["name"]: item.get("value", "") for item in container.get("environment", [])}
        stored = {item["name"] for item in container.get("secrets", [])}
        found = set(holding(variables, key_id))
        if found or (named and {*variables, *stored} & set(USUAL)):
            held |= found | {name for name in USUAL if name in {*variables, *stored}}
    return tuple(sorted(held))


def _evidence(held: Iterable[str]) -> str:
    names = ", ".join(held)
    return f"its environment holds the key ({names})" if names else "named by a person"


def _unqualified(arn: str) -> str:
    """Return a function's ARN without a version: ``arn:…:function:NAME``."""
    return ":".join(arn.split(":")[:7])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
