"""AssumeRoleWithWebIdentity: a pipeline's token, from GitHub or GitLab, becomes a role's session.

The call is not signed; what it proves, it proves by the token. The sandbox reads a token's claims and does not check
its signature, because it knows no issuer's keys.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from moto.iam.models import Role

from iamflow.sandbox import policies
from iamflow.sandbox.calls import Call
from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import Kind, Principal
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.sts_rules import open_session, role_duration, role_principal, shown_credentials
from iamflow.sandbox.world import World

ACTION = "sts:AssumeRoleWithWebIdentity"
_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/.+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a token says; ``issuer`` is without its scheme, ``expires`` in seconds since 1970."""

    issuer: str
    subject: str
    audience: str
    expires: float


def make_token(claims: Claims) -> str:
    """Return a token with these claims, whose signature is none."""
    told = {"iss": f"https://{claims.issuer}", "sub": claims.subject, "aud": claims.audience, "exp": claims.expires}
    return ".".join(_packed(part) for part in ({"alg": "RS256", "typ": "JWT"}, told, {}))


def _packed(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def claims_in(token: str) -> Claims:
    """Read a token; AwsError if it is none."""
    try:
        packed = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        issuer = str(told["iss"]).removeprefix("https://")
        return Claims(issuer=issuer, subject=told["sub"], audience=told["aud"], expires=float(told["exp"]))
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        message = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        raise AwsError(code="InvalidIdentityToken", message=message) from None


def caller(world: World, call: Call) -> Principal:
    """Return who a token says that he is, in the account of the role that he asks for; AwsError if it is no token."""
    claims = claims_in(str(call.parameters.get("WebIdentityToken")))
    found = _ROLE_ARN.fullmatch(str(call.parameters.get("RoleArn")))
    account_id = found.group(1) if found else ""
    if account_id not in world.organisation.nodes:
        raise _not_authorised()
    provider = f"arn:aws:iam::{account_id}:oidc-provider/{claims.issuer}"
    return Principal(
        kind=Kind.WEB,
        account_id=account_id,
        arn=provider,
        principal_id=f"{provider}:{claims.audience}:{claims.subject}",
        name=claims.subject,
        access_key_id="",
    )


def _assume_role_with_web_identity(exchange: Exchange, _: Original) -> object:
    claims = claims_in(str(exchange.parameter("WebIdentityToken")))
    provider = exchange.iam.open_id_providers.get(exchange.principal.arn)
    if provider is None:
        message = f"No OpenIDConnect provider found in your account for https://{claims.issuer}"
        raise AwsError(code="InvalidIdentityToken", message=message)
    if claims.audience not in provider.client_id_list:
        raise AwsError(code="InvalidIdentityToken", message="Incorrect token audience")
    if datetime.fromtimestamp(claims.expires, tz=exchange.call.at.tzinfo) <= exchange.call.at:
        raise AwsError(code="ExpiredTokenException", message="Token expired: the current time is after its expiry")
    role = next((role for role in exchange.iam.get_roles() if role.arn == exchange.parameter("RoleArn")), None)
    if role is None or not _trusts(role, exchange.principal.arn, claims):
        raise _not_authorised()
    name = str(exchange.parameter("RoleSessionName"))
    principal = role_principal(exchange.world, (role.account_id, role.name, role.id), name)
    seconds = role_duration(exchange, role)
    session = open_session(exchange.world, replace(principal, role_path=role.path), seconds)
    assumed = {"AssumedRoleId": principal.principal_id, "Arn": principal.arn}
    shown = {
        "AssumedRoleUser": assumed,
        "Provider": exchange.principal.arn,
        "Audience": claims.audience,
        "SubjectFromWebIdentityToken": claims.subject,
    }
    credentials = {"AccessKeyId": session.access_key_id, "Expiration": session.expires}
    exchange.outcome = {**shown, "Credentials": credentials}
    return {**shown, "Credentials": shown_credentials(session)}


def _trusts(role: Role, provider: str, claims: Claims) -> bool:
    naming = [
        item
        for item in policies.statements(json.loads(role.assume_role_policy_document))
        if isinstance(item.get("Principal"), Mapping)
        and provider in policies.as_list(item["Principal"].get("Federated", []))
    ]
    context = {f"{claims.issuer}:sub": claims.subject, f"{claims.issuer}:aud": claims.audience}
    question = policies.Question(action=ACTION, resource=None, context=context)
    return policies.judge(naming, question) is policies.Verdict.ALLOWED


def _not_authorised() -> AwsError:
    return AwsError(code="AccessDenied", message=f"Not authorized to perform {ACTION}", status=403)


HANDLERS: Mapping[str, Handler] = {"assume_role_with_web_identity": _assume_role_with_web_identity}
