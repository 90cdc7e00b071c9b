"""Where applications run, as far as moto differs from AWS: Lambda functions, ECS tasks, EC2 instances."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from moto.iam.models import InstanceProfile

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.sts_rules import trusts_service

_LAMBDA_PAGE = 50
_ECS_PAGE = 100
_REVISION = "_iamflow_revision"


# --- Lambda


def _list_functions(exchange: Exchange, original: Original) -> object:
    backend = _lambda(exchange)
    found = [
        {**item, "RevisionId": _revision(backend.get_function(item["FunctionArn"]))}
        for item in json.loads(original())["Functions"]
    ]
    return _functions(exchange, found, "Functions")


def _list_versions(exchange: Exchange, original: Original) -> object:
    return _functions(exchange, json.loads(original())["Versions"], "Versions")


def _functions(exchange: Exchange, found: Iterable[Mapping[str, Any]], key: str) -> object:
    """Cut a list of configurations to a page; a marker is the last ARN shown."""
    marker, most = exchange.parameter("Marker") or "", int(exchange.parameter("MaxItems") or _LAMBDA_PAGE)
    rest = [item for item in sorted(found, key=_function_arn) if _function_arn(item) > marker]
    shown = rest[:most]
    return {key: shown, **({"NextMarker": _function_arn(shown[-1])} if len(rest) > most else {})}


def _function_arn(item: Mapping[str, Any]) -> str:
    return str(item["FunctionArn"])


def _create_function(exchange: Exchange, original: Original) -> object:
    _check_role(exchange, "lambda.amazonaws.com")
    return _revised(exchange, original)


def _revised(exchange: Exchange, original: Original) -> object:
    """Tell the revision of the function as well, of which moto knows nothing."""
    written = original()  # a text, or a status, headers and a text
    configuration: Mapping[str, Any] = json.loads(written if isinstance(written, str) else written[-1])
    return {**configuration, "RevisionId": _revision(_function(exchange))}


def _revision(function: Any) -> str:  # noqa: ANN401 - moto's
    return str(vars(function).setdefault(_REVISION, str(uuid.uuid4())))


def _update_function_configuration(exchange: Exchange, original: Original) -> object:
    function = _function(exchange)
    expected = exchange.parameter("RevisionId")
    if expected not in {None, _revision(function)}:
        message = (
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
            "retrieve the latest Revision Id"
        )
        raise AwsError(code="PreconditionFailedException", message=message, status=412)
    _check_role(exchange, "lambda.amazonaws.com")
    vars(function).pop(_REVISION, None)
    return _revised(exchange, original)


def _lambda(exchange: Exchange) -> Any:  # noqa: ANN401 - moto's Lambda loads slowly
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - only when it is needed

    return lambda_backends[exchange.principal.account_id][exchange.call.region]


def _function(exchange: Exchange) -> Any:  # noqa: ANN401 - moto's function
    return _lambda(exchange).get_function(str(exchange.parameter("FunctionName")), exchange.parameter("Qualifier"))


def _check_role(exchange: Exchange, service: str) -> None:
    arn = exchange.parameter("Role")
    role = next((role for role in exchange.iam.get_roles() if role.arn == arn), None)
    if arn is not None and (role is None or not trusts_service(role, service)):
        message = "The role defined for the function cannot be assumed by Lambda."
        raise AwsError(code="InvalidParameterValueException", message=message)


LAMBDA_HANDLERS: Mapping[str, Handler] = {
    "list_functions": _list_functions,
    "list_versions_by_function": _list_versions,
    "create_function": _create_function,
    "get_function_configuration": _revised,
    "update_function_configuration": _update_function_configuration,
}


# --- ECS


def _listed(key: str) -> Handler:
    """Cut moto's list of names to maxResults; a token is the last one shown."""

    def answer(exchange: Exchange, original: Original) -> object:
        found: Sequence[str] = original().result[key]
        after, most = exchange.parameter("nextToken"), int(exchange.parameter("maxResults") or _ECS_PAGE)
        if after is not None and after not in found:
            raise AwsError(code="InvalidParameterException", message="Invalid token.")
        rest = found[found.index(after) + 1 :] if after is not None else found
        return {key: rest[:most], **({"nextToken": rest[most - 1]} if len(rest) > most else {})}

    return answer


ECS_HANDLERS: Mapping[str, Handler] = {
    "list_clusters": _listed("clusterArns"),
    "list_services": _listed("serviceArns"),
    "list_task_definitions": _listed("taskDefinitionArns"),
    "list_task_definition_families": _listed("families"),
}


# --- EC2

_BY_ADDRESS = {
    "network-interface.addresses.private-ip-address": "private",
    "network-interface.addresses.association.public-ip": "public",
    "network-interface.association.public-ip": "public",
}


def ec2_of(account_id: str, region: str) -> Any:  # noqa: ANN401 - moto's EC2 loads slowly
    """Return moto's EC2 of an account and region."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - more than a second

    return ec2_backends[account_id][region]


def _describe_instances(exchange: Exchange, original: Original) -> object:
    """Find instances by any of their addresses too; moto knows the first interface's only."""
    filters = exchange.parameter("Filters") or []
    asked = [item for item in filters if item["Name"] in _BY_ADDRESS]
    if not asked:
        return original()
    backend = ec2_of(exchange.principal.account_id, exchange.call.region)
    wanted = {item["Name"]: item["Values"] for item in filters if item["Name"] not in _BY_ADDRESS}
    fitting = [
        instance.id
        for instance in backend.all_instances()
        if all(set(item["Values"]) & set(_addresses(instance, _BY_ADDRESS[item["Name"]])) for item in asked)
    ]
    found = backend.describe_instances(filters={**wanted, "instance-id": fitting}) if fitting else []
    return {"Reservations": found}


def _addresses(instance: Any, kind: str) -> Iterator[str]:  # noqa: ANN401 - moto's
    for interface in instance.nics.values():
        if kind == "public":
            yield interface.public_ip
        else:
            yield interface.private_ip_address
            yield from (item["PrivateIpAddress"] for item in interface.private_ip_addresses)


def _run_instances(exchange: Exchange, original: Original) -> object:
    if exchange.parameter("IamInstanceProfile"):
        _profile(exchange)
    result = original()
    _show_profiles(exchange)
    return result


def _associate(exchange: Exchange, original: Original) -> object:
    _profile(exchange)
    result = original()
    _show_profiles(exchange)
    return result


def _replace(exchange: Exchange, _: Original) -> object:
    """Answer with a new association, as AWS does; the old one is gone."""
    wanted, profile = exchange.parameter("AssociationId"), _profile(exchange)
    backend = ec2_of(exchange.principal.account_id, exchange.call.region)
    held = backend.iam_instance_profile_associations
    instance = next((key for key, association in held.items() if association.association_id == wanted), None)
    if instance is None:
        message = f"An invalid association-id of '{wanted}' was given"
        raise AwsError(code="InvalidAssociationID.NotFound", message=message)
    del held[instance]
    made = backend.associate_iam_instance_profile(instance, profile.name)
    _show_profiles(exchange)
    return {"IamInstanceProfileAssociation": made}


def _profile(exchange: Exchange) -> InstanceProfile:
    asked: Mapping[str, str] = exchange.parameter("IamInstanceProfile") or {}
    for profile in exchange.iam.get_instance_profiles():
        if asked.get("Arn", profile.arn) == profile.arn and asked.get("Name", profile.name) == profile.name and asked:
            return profile
    field = "arn" if "Arn" in asked else "name"
    value = asked.get("Arn") or asked.get("Name")
    message = (
        f"Value ({value}) for parameter iamInstanceProfile.{field} is invalid. Invalid IAM Instance Profile {field}"
    )
    raise AwsError(code="InvalidParameterValue", message=message)


def _show_profiles(exchange: Exchange) -> None:
    """Let each instance show the profile that it is associated with, by the profile's own id."""
    backend = ec2_of(exchange.principal.account_id, exchange.call.region)
    for association in backend.iam_instance_profile_associations.values():
        profile = association.iam_instance_profile
        association.instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}


EC2_HANDLERS: Mapping[str, Handler] = {
    "describe_instances": _describe_instances,
    "run_instances": _run_instances,
    "associate_iam_instance_profile": _associate,
    "replace_iam_instance_profile_association": _replace,
}
