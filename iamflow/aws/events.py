"""CloudTrail's event records, reduced to what identifies an application or a person's reaction.

The fields are those of "CloudTrail record contents" in the CloudTrail user guide. Every one of them may be missing or
null; secrets and everything else that is not named here stay behind.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from iamflow.aws.answers import instant, text
from iamflow.domain.evidence import TrailEvent

Record: TypeAlias = Mapping[str, Any]

_KEY_CALLS = frozenset({"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"})
_POLICY_CALLS = frozenset({"PutUserPolicy", "DeleteUserPolicy", "AttachUserPolicy", "DetachUserPolicy"})
_ORGANISATION_CALLS = frozenset({"AttachPolicy", "DetachPolicy", "DeletePolicy"})
_USER_CALLS = frozenset({"CreateUser", "DeleteUser"})
_MINTING = frozenset({"GetSessionToken", "GetFederationToken"})
_CONSOLE_TYPES = frozenset({"AwsConsoleSignIn", "AwsConsoleAction"})
_MESSAGE_MOST = 1024
# "… is not authorized to perform: iam:UpdateAccessKey on resource: user NAME …", or the user's ARN. It comes after the
# caller's own name, which somebody else chose.
_DENIED_USER = re.compile(
    r"on resource: (?:user |arn:[\w-]+:iam::\d{12}:user/(?:[!-~]*/)?)([\w+=,.@-]{1,64})(?=\s|$)", re.ASCII
)


def parsed(event: Record, region: str) -> TrailEvent:
    """Return one row of LookupEvents. Raises ``ValueError`` where it is not an event record."""
    told = event.get("CloudTrailEvent")
    return reduced(event, mapping(json.loads(told)) if isinstance(told, str) else {}, region)


def reduced(event: Record, record: Record, region: str) -> TrailEvent:
    """Return an event from its record and the row about it that LookupEvents gives, or would give.

    Raises ``ValueError`` where the two together are no event.
    """
    at = instant(event.get("EventTime"))
    event_id = text(event.get("EventId")) or text(record.get("eventID"))
    name = text(record.get("eventName")) or text(event.get("EventName"))
    if not record or at is None or event_id is None or name is None:
        missing = "the record, its id, its name or its time is missing"
        raise ValueError(missing)
    identity = mapping(record.get("userIdentity"))
    message = text(record.get("errorMessage"))
    key_id, user = _target(event, record, name)
    return TrailEvent(
        event_id=event_id,
        at=at,
        region=text(record.get("awsRegion")) or region,
        source=text(record.get("eventSource")) or text(event.get("EventSource")) or "unknown",
        name=name,
        access_key_id=text(identity.get("accessKeyId")) or text(event.get("AccessKeyId")),
        username=text(event.get("Username")) or text(identity.get("userName")),
        principal=text(identity.get("arn")),
        source_ip=text(record.get("sourceIPAddress")),
        user_agent=text(record.get("userAgent")),
        error_code=text(record.get("errorCode")),
        error_message=message and message[:_MESSAGE_MOST],
        request_id=text(record.get("requestID")),
        target_key_id=key_id,
        target_user=user,
        target_policy=_policy(record) if name in _POLICY_CALLS | _ORGANISATION_CALLS else None,
        new_status=text(mapping(record.get("requestParameters")).get("status")) if name == "UpdateAccessKey" else None,
        minted_key_id=_minted(record) if name in _MINTING else None,
        console=_console(record, name),
    )


def _target(event: Record, record: Record, name: str) -> tuple[str | None, str | None]:
    """Return the key and the user that a call was about; AWS does not always fill the same field."""
    asked = mapping(record.get("requestParameters"))
    if name in _POLICY_CALLS or name in _USER_CALLS:
        return None, text(asked.get("userName")) or _resource(event, "AWS::IAM::User") or _denied_user(record)
    if name not in _KEY_CALLS:
        return None, None
    made = mapping(mapping(record.get("responseElements")).get("accessKey"))
    key_id = text(made.get("accessKeyId")) or text(asked.get("accessKeyId")) or _resource(event, "AWS::IAM::AccessKey")
    user = text(made.get("userName")) or text(asked.get("userName")) or _resource(event, "AWS::IAM::User")
    return key_id, user or _denied_user(record)


def _policy(record: Record) -> str | None:
    asked = mapping(record.get("requestParameters"))
    return text(asked.get("policyName")) or text(asked.get("policyArn")) or text(asked.get("policyId"))


def _denied_user(record: Record) -> str | None:
    """Return the user from the message: a denied call may have no parameters (DOMAIN section 2)."""
    found = _DENIED_USER.search(text(record.get("errorMessage")) or "")
    return found[1] if found else None


def _resource(event: Record, kind: str) -> str | None:
    rows = event.get("Resources")
    listed = [mapping(row) for row in rows] if isinstance(rows, list) else []
    names = [text(row.get("ResourceName")) for row in listed if row.get("ResourceType") == kind]
    return next((name for name in names if name is not None and not name.startswith("arn:")), None)


def _minted(record: Record) -> str | None:
    return text(mapping(mapping(record.get("responseElements")).get("credentials")).get("accessKeyId"))


def _console(record: Record, name: str) -> bool:
    return (
        name == "ConsoleLogin"
        or record.get("eventType") in _CONSOLE_TYPES
        or str(record.get("sessionCredentialFromConsole")).lower() == "true"
    )


def mapping(value: object) -> Record:
    """Return a mapping; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
