"""Turns what was found and chosen into a blueprint: every change, in order. Pure: the same facts give the same plan."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from iamflow.domain.blueprint import TAG, Blueprint, Scenario, Step, role_name
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Baseline
from iamflow.domain.migration import Choice, Discovery, Grants, Place
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role.trust import Trust, trust_of

ATTACHED_MOST = 10
"""How many managed policies a role may have (IAM quotas; the default)."""
INLINE_MOST = 10_240
"""How many characters a role's inline policies may have together, white space not counted (IAM quotas)."""
NARROWING = "iamflow-narrowed"
"""The name of the inline policy that keeps a role to what the key was seen to do."""

_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_NAME_MOST = 128
_ON_RESOURCES = frozenset({Scenario.EC2, Scenario.LAMBDA, Scenario.ECS})
# Services of which most calls are data events: LookupEvents never shows those (CloudTrail user guide, "data events").
_WITH_DATA_EVENTS = frozenset({"s3", "dynamodb", "sqs", "sns", "lambda", "kinesis", "bedrock", "kms"})
# Where CloudTrail's name of a service is not the one that policies have (Service Authorization Reference).
_IN_POLICIES = {"monitoring": "cloudwatch"}


def proposed(discovery: Discovery, *, narrow: bool) -> Choice | None:
    """Return what the discovery proposes; None where a person must say."""
    if discovery.proposed is None:
        return None
    resources = tuple(place.arn for place in discovery.places if place.scenario is discovery.proposed)
    return Choice(scenario=discovery.proposed, resources=resources, narrow=narrow)


def lacking(choice: Choice, discovery: Discovery) -> tuple[str, ...]:
    """Return the chosen resources that have not been looked at yet."""
    known = {place.arn for place in discovery.places}
    return tuple(arn for arn in choice.resources if arn not in known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """What a plan is made of."""

    choice: Choice
    discovery: Discovery
    grants: Grants
    baseline: Baseline | None


def build(ticket: Ticket, materials: Materials) -> Blueprint | str:
    """Return the blueprint, or the sentence that says why there can be none yet, and what to do."""
    choice, grants = materials.choice, materials.grants
    trust = trust_of(ticket, choice, grants.partition)
    if isinstance(trust, str):
        return trust
    places = _places(materials)
    obstacle = _of_places(choice, places) or _of_grants(grants) or _of_provider(trust, grants)
    if obstacle is not None:
        return obstacle
    name = role_name(ticket.username, ticket.id)
    arn = f"arn:{grants.partition}:iam::{ticket.account_id}:role/{name}"
    policies = dict(_inline(grants))
    if choice.narrow and materials.baseline is not None:
        policies[NARROWING] = _narrowing(materials.baseline)
    if sum(len("".join(text.split())) for text in policies.values()) > INLINE_MOST:
        return (
            f"the role's inline policies would have more than {INLINE_MOST} characters together: turn some of the user's into "
            "managed ones"
        )
    maker = _Maker(ticket=ticket, role=name, role_arn=arn)
    steps = (
        *maker.provider(trust, grants),
        maker.create_role(trust, grants),
        *maker.policies(policies, grants.attached),
        *maker.workloads(choice.scenario, places, grants.partition),
    )
    return Blueprint(
        ticket_id=ticket.id,
        scenario=choice.scenario,
        role=name,
        role_arn=arn,
        steps=steps,
        provider=trust.provider,
        warnings=tuple(_warnings(materials)),
    )


def _places(materials: Materials) -> tuple[Place, ...]:
    wanted = set(materials.choice.resources)
    return tuple(place for place in materials.discovery.places if place.arn in wanted)


# --- what stands in the way -------------------------------------------------------------------------------------------


def _of_places(choice: Choice, places: Sequence[Place]) -> str | None:
    if choice.scenario not in _ON_RESOURCES:
        return None
    if not places:
        return f"which {choice.scenario.value} resources use the key is not known: name them with --resource"
    for place in places:
        if place.scenario is not choice.scenario:
            return f"{place.arn} is of scenario {place.scenario.value}, not {choice.scenario.value}"
        if place.profile is not None:
            return (
                f"{place.arn} has the instance profile {place.profile} already, and another one would take from it what this "
                "one gives it: give this profile's role the permissions by hand, then cancel this ticket and open one of "
                "disable-key for the key"
            )
        if choice.scenario is not Scenario.EC2 and not place.variables:
            return f"{place.arn} has no environment variable that holds the key: take the key out of it by hand"
    return None


def _of_grants(grants: Grants) -> str | None:
    if not grants.inline and not grants.attached:
        return "the user has no policies, so that the role would be allowed nothing: find out what the key is used for"
    if len(grants.attached) > ATTACHED_MOST:
        return (
            f"the role would need {len(grants.attached)} managed policies, and IAM allows {ATTACHED_MOST}: merge some"
        )
    return None


def _of_provider(trust: Trust, grants: Grants) -> str | None:
    audiences = dict(grants.providers).get(trust.provider or "")
    if trust.provider is None or audiences is None or trust.audience in audiences:
        return None
    return (
        f"the identity provider {trust.provider} is there already and does not know the audience {trust.audience}: add it "
        "by hand (aws iam add-client-id-to-open-id-connect-provider), since iamflow changes nothing that it did not make"
    )


def _warnings(materials: Materials) -> Iterator[str]:
    grants, discovery = materials.grants, materials.discovery
    for where, document in grants.inline:
        if "${aws:username}" in document:
            yield f"{where} speaks of ${{aws:username}}, which a role has not: what it allows there, the role is not allowed"
    chosen = set(materials.choice.resources)
    for place in discovery.places:
        if place.arn not in chosen:
            yield f"{place.arn} seems to use the key too ({place.evidence}) and is not part of this plan"
    for what, why in discovery.unread:
        yield f"{what} could not be looked through: {why}"
    if materials.choice.narrow:
        yield "the role may do only what CloudTrail showed of the key in the days of the baseline: rare calls are not in it"
    if grants.boundary is not None:
        yield f"the role gets the user's permissions boundary {grants.boundary}"


# --- the steps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Maker:
    """Makes the steps of one role."""

    ticket: Ticket
    role: str
    role_arn: str

    @property
    def _tags(self) -> dict[str, str]:
        return {TAG: str(self.ticket.id)}

    def provider(self, trust: Trust, grants: Grants) -> tuple[Step, ...]:
        """Make the identity provider where the account has none for the issuer."""
        if trust.provider is None or trust.provider in dict(grants.providers):
            return ()
        document = {"url": trust.issuer, "audience": trust.audience, "tags": self._tags}
        return (_step(EffectKind.CREATE_PROVIDER, trust.provider, document),)

    def create_role(self, trust: Trust, grants: Grants) -> Step:
        """Make the role."""
        document = {
            "trust": trust.document,
            "boundary": grants.boundary,
            "tags": self._tags,
            "description": f"iamflow ticket {self.ticket.id}: takes the place of an access key of user {self.ticket.username}",
        }
        return _step(EffectKind.CREATE_ROLE, self.role, document)

    def policies(self, inline: Mapping[str, str], attached: Sequence[str]) -> Iterator[Step]:
        """Give it what the user may do, and what the application's own role may."""
        for name, policy in inline.items():
            yield _step(EffectKind.PUT_ROLE_POLICY, name, {"role": self.role, "policy": policy})
        for arn in attached:
            yield _step(EffectKind.ATTACH_ROLE_POLICY, arn, {"role": self.role})

    def workloads(self, scenario: Scenario, places: Sequence[Place], partition: str) -> Iterator[Step]:
        """Let the application take it."""
        match scenario:
            case Scenario.EC2:
                yield from self._instances(places, partition)
            case Scenario.LAMBDA:
                for place in places:
                    yield from self._function(place)
            case Scenario.ECS:
                yield from self._services(places)
            case Scenario.CROSS_ACCOUNT | Scenario.CI_OIDC:
                return

    def _instances(self, places: Sequence[Place], partition: str) -> Iterator[Step]:
        yield _step(EffectKind.CREATE_PROFILE, self.role, {"tags": self._tags})
        yield _step(EffectKind.FILL_PROFILE, self.role, {"role": self.role})
        profile = f"arn:{partition}:iam::{self.ticket.account_id}:instance-profile/{self.role}"
        for place in places:
            yield _step(EffectKind.ASSOCIATE_PROFILE, place.arn, {"name": self.role, "profile": profile})

    def _function(self, place: Place) -> Iterator[Step]:
        change = {
            "role": self.role_arn,
            "before": place.role,
            "variables": list(place.variables),
            "description": f"iamflow-{self.ticket.id}: as before the role",
        }
        yield _step(EffectKind.PUBLISH_VERSION, place.arn, change)
        yield _step(EffectKind.UPDATE_FUNCTION, place.arn, change)

    def _services(self, places: Sequence[Place]) -> Iterator[Step]:
        definitions: dict[str, Place] = {}
        for place in places:
            definitions.setdefault(str(place.definition), place)
        for definition, place in definitions.items():
            document = {
                "role": self.role_arn,
                "before": place.role,
                "variables": list(place.variables),
                "tags": self._tags,
            }
            yield _step(EffectKind.REGISTER_TASK, definition, document)
        for place in places:
            yield _step(EffectKind.UPDATE_SERVICE, place.arn, {"role": self.role_arn, "before": place.definition})


def _step(kind: EffectKind, target: str, document: Mapping[str, object]) -> Step:
    return Step(kind=kind, target=target, document=json.dumps(document, sort_keys=True, separators=(",", ":")))


def _inline(grants: Grants) -> Iterator[tuple[str, str]]:
    for number, (where, document) in enumerate(grants.inline, start=1):
        yield f"{number:02d}-{_NAME.sub('-', where)}"[:_NAME_MOST], document


def _narrowing(baseline: Baseline) -> str:
    """Return a policy that denies everything but what the key was seen to do: with the user's policies, the part of both.

    Of services most of whose calls CloudTrail's lookup does not show, everything stays as the user's policies have it.
    """
    seen: set[str] = set()
    for activity in baseline.activities:
        source = activity.source.removesuffix(".amazonaws.com")
        service = _IN_POLICIES.get(source, source)
        seen.add(f"{service}:*" if service in _WITH_DATA_EVENTS else f"{service}:{activity.name}")
    seen.add("sts:GetCallerIdentity")
    statement = {"Effect": "Deny", "NotAction": sorted(seen), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
