"""CloudTrail events, and how AWS writes them down."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from iamflow.sandbox.calls import Call
from iamflow.sandbox.identity import Kind, Principal

_SECRET_NAMES = frozenset({
    "password", "newpassword", "oldpassword", "secretaccesskey", "sessiontoken", "servicepassword", "secretstring",
    "secretbinary", "base32stringseed", "qrcodepng", "authenticationcode1", "authenticationcode2", "privatekey",
    "clienttoken", "webidentitytoken",
})  # fmt: skip
# IAM is one service for the whole partition; its events land here (DOMAIN: CloudTrail's global service events).
_GLOBAL_REGION = "us-east-1"
_GLOBAL_SERVICES = frozenset({"iam", "organizations", "account", "cloudfront", "route53"})
_SERVICES_WITH_ENVIRONMENTS = frozenset({"lambda", "ecs"})
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# Lambda's events bear the version of its interface in their names.
_EVENT_NAMES = {
    "lambda:CreateFunction": "CreateFunction20150331",
    "lambda:DeleteFunction": "DeleteFunction20150331",
    "lambda:GetFunction": "GetFunction20150331v2",
    "lambda:GetFunctionConfiguration": "GetFunctionConfiguration20150331v2",
    "lambda:ListFunctions": "ListFunctions20150331",
    "lambda:ListVersionsByFunction": "ListVersionsByFunction20150331",
    "lambda:PublishVersion": "PublishVersion20150331",
    "lambda:UpdateFunctionCode": "UpdateFunctionCode20150331v2",
    "lambda:UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
}
# What parameters name, as CloudTrail lists it among an event's resources.
_RESOURCE_KINDS = {
    "UserName": "AWS::IAM::User",
    "AccessKeyId": "AWS::IAM::AccessKey",
    "RoleName": "AWS::IAM::Role",
    "RoleArn": "AWS::IAM::Role",
    "GroupName": "AWS::IAM::Group",
    "PolicyArn": "AWS::IAM::Policy",
    "SerialNumber": "AWS::IAM::MfaDevice",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A resource that an event names."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailEvent:
    """One event as CloudTrail keeps it; ``at`` is aware UTC. ``username`` is a role session's name for roles.

    ``kind`` is the record's event type, ``additional`` its additional event data.
    """

    at: datetime
    account_id: str
    region: str
    source: str
    name: str
    username: str | None
    access_key_id: str | None
    identity: Mapping[str, Any]
    source_ip: str
    user_agent: str
    read_only: bool
    request_parameters: Mapping[str, Any] | None = None
    response_elements: Mapping[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    resources: Sequence[Resource] = ()
    kind: str = "AwsApiCall"
    additional: Mapping[str, Any] | None = None
    from_console: bool = False
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def summary(self) -> dict[str, Any]:
        """Return the event as LookupEvents lists it."""
        listed: dict[str, Any] = {
            "EventId": self.event_id,
            "EventName": self.name,
            "ReadOnly": "true" if self.read_only else "false",
            "EventTime": self.at,
            "EventSource": self.source,
            "Resources": [{"ResourceType": item.kind, "ResourceName": item.name} for item in self.resources],
            "CloudTrailEvent": self.document(),
        }
        if self.username:
            listed["Username"] = self.username
        if self.access_key_id:
            listed["AccessKeyId"] = self.access_key_id
        return listed

    def document(self) -> str:
        """Return the event record that CloudTrail delivers, as JSON."""
        record = {
            "eventVersion": "1.11",
            "userIdentity": self.identity,
            "eventTime": stamp(self.at),
            "eventSource": self.source,
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": self.source_ip,
            "userAgent": self.user_agent,
            "errorCode": self.error_code,
            "errorMessage": self.error_message,
            "requestParameters": self.request_parameters,
            "responseElements": self.response_elements,
            "additionalEventData": self.additional,
            "sessionCredentialFromConsole": "true" if self.from_console else None,
            "requestID": self.request_id,
            "eventID": self.event_id,
            "readOnly": self.read_only,
            "eventType": self.kind,
            "managementEvent": True,
            "recipientAccountId": self.account_id,
            "eventCategory": "Management",
        }
        absent = ("errorCode", "errorMessage", "additionalEventData", "sessionCredentialFromConsole")
        return json.dumps({key: value for key, value in record.items() if value is not None or key not in absent})


def event_of(call: Call, principal: Principal, outcome: Mapping[str, Any], error: tuple[str, str] | None) -> TrailEvent:
    """Write down a finished call; ``outcome`` is what the service answered, without secrets in the event."""
    denied = error is not None and error[0] in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
    asked = told(call)
    # Seen in AWS: a denied call may carry no parameters; its target is then only in the message.
    return TrailEvent(
        at=call.at.replace(microsecond=0),  # CloudTrail knows whole seconds only
        account_id=principal.account_id,
        region=_GLOBAL_REGION if call.service in _GLOBAL_SERVICES else call.region,
        source=f"{call.service}.amazonaws.com",
        name=_EVENT_NAMES.get(call.action, call.operation),
        username=principal.name,
        access_key_id=principal.access_key_id or None,
        identity=identity(principal),
        source_ip=call.source_ip,
        user_agent=call.user_agent,
        read_only=call.read_only,
        request_parameters=None if denied or not asked else asked,
        response_elements=None if call.read_only and call.service != "sts" else (without_secrets(outcome) or None),
        error_code=error[0] if error else None,
        error_message=error[1] if error else None,
        resources=() if denied else resources(call.parameters, outcome),
        from_console=principal.console,
        request_id=call.request_id,
    )


def resources(*sources: Mapping[str, Any]) -> tuple[Resource, ...]:
    """Return the users, keys, roles and so on that parameters and answers name, each once."""
    found: dict[Resource, None] = {}
    for source in sources:
        for key, value in source.items():
            if isinstance(value, Mapping):
                found.update(dict.fromkeys(resources(value)))
            elif key in _RESOURCE_KINDS and isinstance(value, str):
                found[Resource(kind=_RESOURCE_KINDS[key], name=value)] = None
    return tuple(found)


def identity(principal: Principal) -> dict[str, Any]:
    """Return the caller as CloudTrail's ``userIdentity``."""
    if principal.kind is Kind.WEB:
        provider = principal.arn.split("oidc-provider/")[-1]
        known = {"principalId": principal.principal_id, "userName": principal.name, "identityProvider": provider}
        return {"type": principal.kind.value, **known}
    record: dict[str, Any] = {
        "type": principal.kind.value,
        "principalId": principal.principal_id,
        "arn": principal.arn,
        "accountId": principal.account_id,
        "accessKeyId": principal.access_key_id,
    }
    if principal.kind is Kind.USER:
        record["userName"] = principal.name
    if principal.session_since is not None:
        proven = "true" if principal.mfa else "false"
        attributes = {"creationDate": stamp(principal.session_since), "mfaAuthenticated": proven}
        record["sessionContext"] = {"attributes": attributes}
        if principal.kind is Kind.ROLE:
            record["sessionContext"]["sessionIssuer"] = {
                "type": "Role",
                "principalId": principal.principal_id.split(":")[0],
                "arn": principal.lasting_arn,
                "accountId": principal.account_id,
                "userName": principal.role_name,
            }
    return record


def without_secrets(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters under CloudTrail's names (a small first letter), fit for JSON, secrets left out."""
    return {
        key[:1].lower() + key[1:]: _plain(item)
        for key, item in value.items()
        if item is not None and key.lower() not in _SECRET_NAMES
    }


def told(call: Call) -> dict[str, Any]:
    """Return a call's parameters as CloudTrail shows them, without what may be secret."""
    shown = without_secrets(call.parameters)
    if call.service in _SERVICES_WITH_ENVIRONMENTS:
        shown = _hidden(shown)
    if call.action == "ssm:PutParameter":
        shown["value"] = _HIDDEN
    return shown


def _hidden(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Hide the environment variables of functions and containers, which hold keys all too often."""
    match value:
        case dict():
            return {key: _HIDDEN if key == "environment" else _hidden(item) for key, item in value.items()}
        case list():
            return [_hidden(item) for item in value]
        case _:
            return value


def stamp(moment: datetime) -> str:
    """Write a time as CloudTrail does, in UTC and whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case Mapping():
            return without_secrets(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case datetime():
            return value.replace(tzinfo=UTC).isoformat() if value.tzinfo is None else value.isoformat()
        case bytes():
            return f"{len(value)} bytes"
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return str(value)
