"""Secrets Manager where moto is too lenient: a secret that is marked for deletion takes no new value."""

from collections.abc import Mapping

from moto.secretsmanager.models import secretsmanager_backends

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.services import Exchange, Handler, Original


def _create_secret(exchange: Exchange, original: Original) -> object:
    if _marked(exchange, exchange.parameter("Name")):
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError(code="InvalidRequestException", message=message)
    return original()


def _of_a_living_secret(exchange: Exchange, original: Original) -> object:
    if _marked(exchange, exchange.parameter("SecretId")):
        message = "You can't perform this operation on the secret because it was marked for deletion."
        raise AwsError(code="InvalidRequestException", message=message)
    return original()


def _marked(exchange: Exchange, name: object) -> bool:
    backend = secretsmanager_backends[exchange.principal.account_id][exchange.call.region]
    secret = backend.secrets.get(str(name))
    return secret is not None and bool(secret.is_deleted())


HANDLERS: Mapping[str, Handler] = {
    "create_secret": _create_secret,
    "put_secret_value": _of_a_living_secret,
    "update_secret": _of_a_living_secret,
    "get_secret_value": _of_a_living_secret,
}
