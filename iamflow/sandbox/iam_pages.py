"""IAM's lists, cut into pages: every list honours MaxItems and Marker, which moto does for a few only.

A marker is the last item shown, so that what is deleted between two pages makes nobody miss the rest.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from moto.iam.models import ManagedPolicy

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.iam_common import invalid, missing, named_user
from iamflow.sandbox.iam_policies import groups_of
from iamflow.sandbox.services import Exchange, Handler, Original

_PAGE = 100
_MOST = 1000

Name: TypeAlias = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and the marker to ask for the next one with; None if this was the last."""

    items: list[Any]
    marker: str | None

    def described(self) -> dict[str, object]:
        """Return what every answer with pages tells beside its items."""
        if self.marker is None:
            return {"IsTruncated": False}
        return {"IsTruncated": True, "Marker": self.marker}


def cut(exchange: Exchange, items: Iterable[Any], name: Name) -> Page:
    """Return the page that the call asks for of items that are told apart, and ordered, by this name."""
    marker, asked = exchange.parameter("Marker"), exchange.parameter("MaxItems")
    most = _PAGE if asked is None else int(asked)
    if not 1 <= most <= _MOST:
        raise invalid(most, "maxItems", f"Member must have value between 1 and {_MOST}")
    rest = [item for item in sorted(items, key=name) if marker is None or name(item) > marker]
    shown = rest[:most]
    return Page(shown, name(shown[-1]) if len(rest) > most else None)


def paged(result_key: str, name: Name, *, of_user: bool = False) -> Handler:
    """Cut moto's list; ``of_user`` for lists of what a user has, which is the caller if the call names none."""

    def answer(exchange: Exchange, original: Original) -> object:
        user = {"UserName": named_user(exchange).name} if of_user else {}
        result = original.asked_for(**user, Marker=None, MaxItems=sys.maxsize).result
        page = cut(exchange, result.get(result_key) or (), name)
        return {**{key: result[key] for key in result if key != "Marker"}, result_key: page.items, **page.described()}

    return answer


def by(name: str) -> Name:
    """Tell items apart by a field or an attribute of that name."""
    return lambda item: str(item[name] if isinstance(item, Mapping) else getattr(item, name))


def _attached(holders: str, parameter: str) -> Handler:
    """List the managed policies of a user, group or role."""

    def answer(exchange: Exchange, _: Original) -> object:
        held = _holders(exchange, holders)
        wanted = named_user(exchange).name if parameter == "UserName" else exchange.parameter(parameter)
        holder = held.get(str(wanted))
        if holder is None:
            raise missing(kind=parameter.removesuffix("Name").lower(), name=wanted)
        prefix = exchange.parameter("PathPrefix") or "/"
        page = cut(exchange, _under(holder.managed_policies.values(), prefix), by("arn"))
        listed = [{"PolicyName": policy.name, "PolicyArn": policy.arn} for policy in page.items]
        return {"AttachedPolicies": listed, **page.described()}

    return answer


def _holders(exchange: Exchange, kind: str) -> Mapping[str, Any]:
    """Return users, groups or roles by name; moto keeps its roles by id."""
    return {holder.name: holder for holder in vars(exchange.iam)[kind].values()}


def _under(policies: Iterable[ManagedPolicy], prefix: str) -> list[ManagedPolicy]:
    return [policy for policy in policies if policy.path.startswith(prefix)]


def _list_policies(exchange: Exchange, _: Original) -> object:
    scope, attached = exchange.parameter("Scope") or "All", exchange.parameter("OnlyAttached")
    policies = [
        policy
        for policy in _under(exchange.iam.managed_policies.values(), exchange.parameter("PathPrefix") or "/")
        if scope in {"All", "AWS" if ":iam::aws:" in policy.arn else "Local"}
        and (policy.attachment_count or not attached)
    ]
    page = cut(exchange, policies, by("arn"))
    return {"Policies": page.items, **page.described()}


def _list_entities_for_policy(exchange: Exchange, _: Original) -> object:
    arn, wanted = str(exchange.parameter("PolicyArn")), exchange.parameter("EntityFilter")
    if arn not in exchange.iam.managed_policies:
        raise AwsError(code="NoSuchEntity", message=f"Policy {arn} was not found.", status=404)
    page = cut(exchange, _entities(exchange, arn, wanted), lambda entity: f"{entity[0]}/{entity[1].name}")
    listed: dict[str, list[object]] = {"PolicyUsers": [], "PolicyGroups": [], "PolicyRoles": []}
    for kind, entity in page.items:
        listed[f"Policy{kind}s"].append({f"{kind}Name": entity.name, f"{kind}Id": entity.id})
    return {**listed, **page.described()}


def _entities(exchange: Exchange, arn: str, wanted: str | None) -> Iterator[tuple[str, Any]]:
    as_boundary = exchange.parameter("PolicyUsageFilter") == "PermissionsBoundary"
    for kind in ("Group", "Role", "User"):
        if wanted not in {None, kind}:
            continue
        for holder in _holders(exchange, f"{kind.lower()}s").values():
            if (as_boundary and exchange.world.boundaries.get(holder.id) == arn) or (
                not as_boundary and arn in holder.managed_policies
            ):
                yield kind, holder


def _list_groups_for_user(exchange: Exchange, _: Original) -> object:
    page = cut(exchange, groups_of(exchange.world, exchange.principal.account_id, named_user(exchange)), by("name"))
    return {"Groups": page.items, **page.described()}


def _list_virtual_mfa_devices(exchange: Exchange, _: Original) -> object:
    status = exchange.parameter("AssignmentStatus") or "Any"
    devices = [
        device
        for device in exchange.iam.virtual_mfa_devices.values()
        if status in {"Any", "Assigned" if device.user is not None else "Unassigned"}
    ]
    page = cut(exchange, devices, by("serial_number"))
    listed = []
    for device in page.items:  # the seed is shown once, when the device is made
        shown = {"SerialNumber": device.serial_number}
        if device.user is not None:
            shown |= {"EnableDate": device.enable_date, "User": device.user_attribute}
        listed.append(shown)
    return {"VirtualMFADevices": listed, **page.described()}


def _list_service_specific_credentials(exchange: Exchange, _: Original) -> object:
    service, everybody = exchange.parameter("ServiceName"), exchange.parameter("AllUsers")
    held = exchange.world.service_credentials
    owners = [user.id for user in exchange.iam.users.values()] if everybody else [named_user(exchange).id]
    wanted = [
        credential
        for owner in owners
        for credential in held.get(owner, [])
        if service in {None, credential.service_name}
    ]
    page = cut(exchange, wanted, by("identifier"))
    return {
        "ServiceSpecificCredentials": [credential.described() for credential in page.items],
        **page.described(),
    }


HANDLERS: Mapping[str, Handler] = {
    "list_users": paged("Users", by("name")),
    "list_access_keys": paged("AccessKeyMetadata", by("access_key_id"), of_user=True),
    "list_user_policies": paged("PolicyNames", str, of_user=True),
    "list_user_tags": paged("Tags", by("Key"), of_user=True),
    "list_groups_for_user": _list_groups_for_user,
    "list_mfa_devices": paged("MFADevices", by("SerialNumber"), of_user=True),
    "list_ssh_public_keys": paged("SSHPublicKeys", by("ssh_public_key_id"), of_user=True),
    "list_signing_certificates": paged("Certificates", by("id"), of_user=True),
    "list_service_specific_credentials": _list_service_specific_credentials,
    "list_virtual_mfa_devices": _list_virtual_mfa_devices,
    "list_groups": paged("Groups", by("name")),
    "get_group": paged("Users", by("name")),
    "list_group_policies": paged("PolicyNames", str),
    "list_roles": paged("Roles", by("name")),
    "list_role_policies": paged("PolicyNames", str),
    "list_instance_profiles": paged("InstanceProfiles", by("name")),
    "list_instance_profiles_for_role": paged("InstanceProfiles", by("name")),
    "list_attached_user_policies": _attached("users", "UserName"),
    "list_attached_group_policies": _attached("groups", "GroupName"),
    "list_attached_role_policies": _attached("roles", "RoleName"),
    "list_policies": _list_policies,
    "list_policy_versions": paged("Versions", by("version_id")),
    "list_entities_for_policy": _list_entities_for_policy,
}
