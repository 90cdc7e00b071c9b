"""Roles, instance profiles and identity providers where moto is too lenient."""

import json
from collections.abc import Mapping

from moto.iam.models import OpenIDConnectProvider

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.iam_common import missing, within_quota
from iamflow.sandbox.identity import new_unique_id
from iamflow.sandbox.services import Exchange, Handler, Original


def _create_role(exchange: Exchange, original: Original) -> object:
    _check_trust(exchange.parameter("AssumeRolePolicyDocument"))
    result = original()
    role = result.result["Role"]
    exchange.outcome = {"Role": {"RoleName": role.name, "RoleId": role.id, "Arn": role.arn}}
    return result


def _update_assume_role_policy(exchange: Exchange, original: Original) -> object:
    _check_trust(exchange.parameter("PolicyDocument"))
    return original()


def _check_trust(text: object) -> None:
    try:
        document = json.loads(str(text))
    except ValueError:
        document = None
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    listed = [statements] if isinstance(statements, Mapping) else statements or []
    if not listed or any("Principal" not in statement or "Resource" in statement for statement in listed):
        message = "This policy contains invalid Json" if document is None else "Syntax errors in policy."
        raise AwsError(code="MalformedPolicyDocument", message=message)


def _create_instance_profile(exchange: Exchange, original: Original) -> object:
    result = original()
    profile = exchange.iam.get_instance_profile(exchange.parameter("InstanceProfileName"))
    profile.id = new_unique_id("AIPA")
    shown = {"InstanceProfileName": profile.name, "InstanceProfileId": profile.id, "Arn": profile.arn}
    exchange.outcome = {"InstanceProfile": shown}
    return result


def _provider(exchange: Exchange) -> OpenIDConnectProvider:
    arn = str(exchange.parameter("OpenIDConnectProviderArn"))
    provider = exchange.iam.open_id_providers.get(arn)
    if provider is None:
        raise missing(kind="OpenIDConnect Provider", name=arn)
    return provider


def _add_client_id(exchange: Exchange, _: Original) -> object:
    provider, client = _provider(exchange), str(exchange.parameter("ClientID"))
    if client not in provider.client_id_list:  # adding again changes nothing
        within_quota(exchange, "ClientIdsPerOpenIdConnectProviderQuota", provider.client_id_list)
        provider.client_id_list.append(client)
    return None


def _remove_client_id(exchange: Exchange, _: Original) -> object:
    provider, client = _provider(exchange), str(exchange.parameter("ClientID"))
    if client in provider.client_id_list:
        provider.client_id_list.remove(client)
    return None


HANDLERS: Mapping[str, Handler] = {
    "create_role": _create_role,
    "update_assume_role_policy": _update_assume_role_policy,
    "create_instance_profile": _create_instance_profile,
    "add_client_id_to_open_id_connect_provider": _add_client_id,
    "remove_client_id_from_open_id_connect_provider": _remove_client_id,
}
