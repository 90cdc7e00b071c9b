"""STS: who may become whom, for how long, and narrowed to what."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.iam.models import Role

from iamflow.sandbox import policies
from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import Kind, Principal, Session, new_key_id, new_secret, new_token
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import World

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
_CODE = re.compile(r"\d{6}")
_SHORTEST = 900
_CHAINED_MOST = 3600
_USER_MOST = 36 * 3600
_USER_DEFAULT = 12 * 3600
_POLICY_MOST = 2048


def _assume_role(exchange: Exchange, _: Original) -> object:
    arn, name = str(exchange.parameter("RoleArn")), str(exchange.parameter("RoleSessionName"))
    if not _SESSION_NAME.fullmatch(name):
        raise _invalid(name, "roleSessionName", r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
    policy = _session_policy(exchange.parameter("Policy"))
    mfa = _mfa_proven(exchange)
    role = _trusting_role(exchange, arn, mfa=mfa)
    principal = role_principal(exchange.world, (role.account_id, role.name, role.id), name, policy)
    principal = replace(principal, mfa=mfa, role_path=role.path)
    session = open_session(exchange.world, principal, role_duration(exchange, role))
    exchange.outcome = {
        "Credentials": {"AccessKeyId": session.access_key_id, "Expiration": session.expires},
        "AssumedRoleUser": {"AssumedRoleId": principal.principal_id, "Arn": principal.arn},
    }
    return {
        "Credentials": shown_credentials(session),
        "AssumedRoleUser": {"AssumedRoleId": principal.principal_id, "Arn": principal.arn},
        "PackedPolicySize": 6 if policy else 0,
    }


def _trusting_role(exchange: Exchange, arn: str, *, mfa: bool) -> Role:
    """Return the role if it exists and trusts the caller; AWS's refusal does not tell which of the two fails."""
    found = _ROLE_ARN.fullmatch(arn)
    if found is None:
        raise _invalid(arn, "roleArn", "Member must be the ARN of a role")
    account_id, _ = found.groups()
    caller = exchange.principal
    message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    denied = AwsError(code="AccessDenied", message=message, status=403)
    if account_id not in exchange.world.organisation.nodes:
        raise denied
    role = next((role for role in exchange.world.iam(account_id).get_roles() if role.arn == arn), None)
    context = {"aws:MultiFactorAuthPresent": "true" if mfa else "false"} if mfa or caller.temporary else {}
    if (external_id := exchange.parameter("ExternalId")) is not None:
        context["sts:ExternalId"] = external_id
    if role is None or not _trusts(role, caller, context):
        raise denied
    return role


def _trusts(role: Role, caller: Principal, told: Mapping[str, str]) -> bool:
    document = json.loads(role.assume_role_policy_document)
    context = {"aws:PrincipalArn": caller.lasting_arn, "aws:PrincipalAccount": caller.account_id, **told}
    naming = [item for item in policies.statements(document) if _names(item.get("Principal"), caller)]
    question = policies.Question(action="sts:AssumeRole", resource=None, context=context)
    return policies.judge(naming, question) is policies.Verdict.ALLOWED


def _names(principal: object, caller: Principal) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    known = {"*", caller.account_id, f"arn:aws:iam::{caller.account_id}:root", caller.arn, caller.lasting_arn}
    return bool(known.intersection(policies.as_list(principal.get("AWS", []))))


def trusts_service(role: Role, service: str) -> bool:
    """Whether a role's trust policy lets a service of AWS, such as ``ec2.amazonaws.com``, assume it."""
    document = json.loads(role.assume_role_policy_document)
    naming = [
        item
        for item in policies.statements(document)
        if isinstance(item.get("Principal"), Mapping)
        and service in policies.as_list(item["Principal"].get("Service", []))
    ]
    question = policies.Question(action="sts:AssumeRole", resource=None, context={})
    return policies.judge(naming, question) is policies.Verdict.ALLOWED


def role_duration(exchange: Exchange, role: Role) -> int:
    """Return for how many seconds the call may have the role; AwsError if it asks for too long or too short."""
    asked = int(exchange.parameter("DurationSeconds") or _CHAINED_MOST)
    most = int(role.max_session_duration or _CHAINED_MOST)
    if asked < _SHORTEST:
        raise _invalid(str(asked), "durationSeconds", f"Member must have value greater than or equal to {_SHORTEST}")
    if exchange.principal.kind is Kind.ROLE and asked > _CHAINED_MOST:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise AwsError(code="ValidationError", message=message)
    if asked > most:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError(code="ValidationError", message=message)
    return asked


def _session_policy(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    if len(text) > _POLICY_MOST:
        raise _invalid(text[:20] + "...", "policy", f"Member must have length less than or equal to {_POLICY_MOST}")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise AwsError(code="MalformedPolicyDocument", message="This policy contains invalid Json")
    return document


def _get_session_token(exchange: Exchange, _: Original) -> object:
    caller = exchange.principal
    if caller.temporary:
        raise AwsError(code="AccessDenied", message="Cannot call GetSessionToken with session credentials", status=403)
    asked = int(exchange.parameter("DurationSeconds") or _USER_DEFAULT)
    if not _SHORTEST <= asked <= _USER_MOST:
        raise _invalid(str(asked), "durationSeconds", f"Member must have value between {_SHORTEST} and {_USER_MOST}")
    session = open_session(exchange.world, replace(caller, mfa=_mfa_proven(exchange)), asked)
    exchange.outcome = {"Credentials": {"AccessKeyId": session.access_key_id, "Expiration": session.expires}}
    return {"Credentials": shown_credentials(session)}


def _mfa_proven(exchange: Exchange) -> bool:
    """Whether the caller proves MFA: in this call by a device of his own, or before, in his session."""
    serial, code = exchange.parameter("SerialNumber"), exchange.parameter("TokenCode")
    if serial is None and code is None:
        return exchange.principal.mfa
    user = exchange.iam.users.get(exchange.principal.name)
    if user is None or serial not in user.mfa_devices or not _CODE.fullmatch(str(code)):
        message = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
        raise AwsError(code="AccessDenied", message=message, status=403)
    return True


def _get_caller_identity(exchange: Exchange, _: Original) -> object:
    caller = exchange.principal
    return {"UserId": caller.principal_id, "Account": caller.account_id, "Arn": caller.arn}


def role_principal(
    world: World, role: tuple[str, str, str], session_name: str, policy: Mapping[str, Any] | None = None
) -> Principal:
    """Return the caller that a role (account, name, unique id) becomes under a session name."""
    account_id, role_name, role_id = role
    return Principal(
        kind=Kind.ROLE,
        account_id=account_id,
        arn=f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}",
        principal_id=f"{role_id}:{session_name}",
        name=session_name,
        access_key_id="",
        role_name=role_name,
        session_policy=policy,
        session_since=world.clock.now(),
    )


def open_session(world: World, principal: Principal, seconds: int) -> Session:
    """Hand out temporary credentials for a principal, valid for that many seconds of the sandbox's time."""
    now = world.clock.now().replace(microsecond=0)
    key_id = new_key_id("ASIA")
    session = Session(
        access_key_id=key_id,
        secret=new_secret(),
        token=new_token(),
        principal=replace(principal, access_key_id=key_id, session_since=now),
        since=now,
        expires=now + timedelta(seconds=seconds),
    )
    world.sessions[key_id] = session
    return session


def shown_credentials(session: Session) -> dict[str, object]:
    """Return a session's credentials as STS hands them out."""
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": _naive(session.expires),
    }


def _naive(moment: datetime) -> datetime:
    """Return a time as moto keeps it: naive, in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _invalid(value: str, name: str, constraint: str) -> AwsError:
    message = f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
    return AwsError(code="ValidationError", message=message)


HANDLERS: Mapping[str, Handler] = {
    "assume_role": _assume_role,
    "get_session_token": _get_session_token,
    "get_caller_identity": _get_caller_identity,
}
