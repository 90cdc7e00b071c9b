"""A ticket in AWS's own format for findings (ASFF, SchemaVersion 2018-10-08).

Fields, lengths and formats: Security Hub API reference, AwsSecurityFinding and the objects under it; user guide, "AWS Security
Finding Format". Severity and types are in ``FindingProviderFields``, as the API reference asks of finding providers: the fields
of the same name at the top belong to whoever works with the finding in Security Hub. What others wrote (user names) is made one
visible line; there is no secret in a finding. The access key id is whole: Security Hub is inside the account, and what is masked
there can be found by nobody.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from iamflow.domain.encoding import for_log
from iamflow.domain.facts import KeyFacts, KeyStatus, RootFacts, UserFacts
from iamflow.domain.states import Resolution
from iamflow.domain.ticket import Ticket

if TYPE_CHECKING:
    # It decides over documents, which are made here.
    from iamflow.domain.hub import Told

SCHEMA = "2018-10-08"
TITLE_MOST, DESCRIPTION_MOST, ID_MOST, FIELD_MOST = 256, 1024, 512, 2048
"""The most characters of a title, a description, an id (of a finding, of a resource), and a value of ProductFields."""

_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_NAME_MOST = 128
"""Longer than any name that IAM allows (64); a report can say anything."""
_UNSAFE = re.compile(r"[^\w+=,.@/-]", re.ASCII)
_UNSAFE_IN_ID = re.compile(r"[^\w+=,.@-]", re.ASCII)
_PRODUCT = "iamflow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where findings are kept: Security Hub is one service for each account and region."""

    partition: str
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """What a workflow's tickets are findings of."""

    rule: str
    severity: str
    """As AWS's own controls for the same thing are labelled (IAM.3, IAM.5, IAM.8, IAM.9)."""


_KEY = _Kind(rule="key-too-old", severity="MEDIUM")
_KINDS: Mapping[str, _Kind] = {
    "disable-key": _KEY,
    "rotate-key": _KEY,
    "migrate-to-role": _KEY,
    "enforce-mfa": _Kind(rule="console-without-mfa", severity="MEDIUM"),
    "delete-user": _Kind(rule="user-unused", severity="MEDIUM"),
    "root-hygiene": _Kind(rule="root-user", severity="CRITICAL"),
}
"""The workflows whose tickets an audit's finding opens. The others (a guardrail, a restoration) are about no finding."""


def finding_id(ticket: Ticket) -> str | None:
    """Return the id of the finding that a ticket deals with, the same for every ticket about that; None where it is about none."""
    kind = _KINDS.get(ticket.workflow)
    if kind is None:
        return None
    subject = ticket.access_key_id or ticket.username
    name = f"iamflow/{ticket.account_id}/{kind.rule}/{_UNSAFE_IN_ID.sub(_quoted, subject)}"
    if len(name) <= ID_MOST:
        return name
    # A report can say anything; names that IAM allows are far shorter.
    return f"iamflow/{ticket.account_id}/{kind.rule}/sha256-{hashlib.sha256(name.encode()).hexdigest()}"


def product_arn(account_id: str, place: Place) -> str:
    """Return the ARN under which an account's own findings are kept ("default product")."""
    return f"arn:{place.partition}:securityhub:{place.region}:{account_id}:product/{account_id}/default"


def document(ticket: Ticket, told: "Told", place: Place) -> dict[str, object]:
    """Return the finding as BatchImportFindings takes it. Raises ``ValueError`` for a ticket that is about no finding."""
    kind = _KINDS.get(ticket.workflow)
    if kind is None:
        message = f"a ticket of {ticket.workflow} is about no finding"
        raise ValueError(message)
    return {
        "SchemaVersion": SCHEMA,
        "Id": told.finding_id,
        "ProductArn": product_arn(ticket.account_id, place),
        "ProductName": _PRODUCT,
        "CompanyName": _PRODUCT,
        "Region": place.region,
        "GeneratorId": f"iamflow/{kind.rule}",
        "AwsAccountId": str(ticket.account_id),
        "CreatedAt": time_text(told.created_at),
        "UpdatedAt": time_text(told.updated_at),
        "Title": for_log(_title(ticket), limit=TITLE_MOST),
        "Description": for_log(_description(ticket), limit=DESCRIPTION_MOST),
        "FindingProviderFields": {"Severity": {"Label": kind.severity, "Original": kind.severity}, "Types": _TYPES},
        "Remediation": {"Recommendation": {"Text": f"iamflow deals with it: iamflow ticket show {ticket.id}"}},
        "ProductFields": _fields(ticket, kind),
        "Resources": _resources(ticket, place),
        "RecordState": "ARCHIVED" if ticket.ended else "ACTIVE",
    }


def digest(finding: Mapping[str, object]) -> str:
    """Return what tells whether a finding has changed: of everything but ``UpdatedAt``."""
    said = {name: value for name, value in finding.items() if name != "UpdatedAt"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def time_text(at: datetime) -> str:
    """Return a time as ASFF writes it: UTC, milliseconds, with its zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _name(ticket: Ticket) -> str:
    return _line(ticket.username)


def _line(text: str, limit: int = _NAME_MOST) -> str:
    """Return others' text as one visible line; Security Hub refuses one that is blank."""
    return for_log(text, limit=limit).strip() or "-"


def _title(ticket: Ticket) -> str:
    facts, name = ticket.facts, _name(ticket)
    if isinstance(facts, RootFacts):
        return f"Root user of account {ticket.account_id} {_root_faults(facts)}"
    if isinstance(facts, KeyFacts):
        return f"Long-lived IAM access key of user {name}, created {facts.created_at:%Y-%m-%d}"
    if ticket.workflow == "enforce-mfa":
        return f"IAM user {name} can sign in to the console without MFA"
    return f"IAM user {name} appears to be unused"


def _root_faults(facts: RootFacts) -> str:
    found = [*(["has no MFA"] if facts.mfa is False else []), *(["has access keys"] if facts.access_key else [])]
    return " and ".join(found) or "needs attention"


def _description(ticket: Ticket) -> str:
    since = f"{ticket.state_since:%Y-%m-%d}"
    where = f"Ticket {ticket.id} ({ticket.workflow}) is {ticket.state.value.replace('_', ' ')} since {since}."
    return " ".join((_facts(ticket), where))


def _facts(ticket: Ticket) -> str:
    facts, name = ticket.facts, _name(ticket)
    match facts:
        case KeyFacts():
            service = f" in {_line(facts.last_use.service, 64)}" if facts.last_use.service else ""
            used = f"last used {facts.last_use.at:%Y-%m-%d}{service}" if facts.last_use.at else "no use of it is known"
            key, status = _line(ticket.access_key_id or ""), _status(ticket, facts).value
            return f"The access key {key} of IAM user {name} was {status}, {used}."
        case UserFacts():
            uses = [at for at in (facts.password_last_used, facts.key_last_used) if at is not None]
            used = f"was last seen {max(uses):%Y-%m-%d}" if uses else "was never seen, or there is no data"
            console = "has a console password" if facts.console else "has no console password"
            return f"IAM user {name} {console} and {'an' if facts.mfa else 'no'} MFA device, and {used}."
        case _:
            return f"{_title(ticket)}."


def _status(ticket: Ticket, facts: KeyFacts) -> KeyStatus:
    """Return the key's status: as it was reported, and as it was seen since where the ticket has deactivated it."""
    given_back = ticket.resolution in {Resolution.ROLLED_BACK, Resolution.OWNER_REACTIVATED}
    found_inactive = ticket.resolution is Resolution.KEY_INACTIVE
    return KeyStatus.INACTIVE if found_inactive or (ticket.key_was_deactivated and not given_back) else facts.status


def _fields(ticket: Ticket, kind: _Kind) -> dict[str, str]:
    return {
        "iamflow/ticket": str(ticket.id),
        "iamflow/workflow": ticket.workflow,
        "iamflow/rule": kind.rule,
        "iamflow/state": ticket.state.value,
        **({"iamflow/resolution": ticket.resolution.value} if ticket.resolution is not None else {}),
        **({"iamflow/owner": _line(ticket.owner.address, FIELD_MOST)} if ticket.owner is not None else {}),
    }


def _resources(ticket: Ticket, place: Place) -> list[dict[str, object]]:
    if isinstance(ticket.facts, RootFacts):
        return [_resource("AwsAccount", f"AWS::::Account:{ticket.account_id}", place)]
    user: dict[str, object] = {"UserName": _name(ticket)}
    if ticket.user_id is not None:
        user["UserId"] = _line(ticket.user_id)
    if isinstance(ticket.facts, UserFacts) and ticket.facts.created_at is not None:
        user["CreateDate"] = time_text(ticket.facts.created_at)
    owner = _resource("AwsIamUser", _user_arn(ticket, place), place, {"AwsIamUser": user})
    if ticket.access_key_id is None:
        return [owner]
    key: dict[str, object] = {
        "AccessKeyId": _line(ticket.access_key_id),
        "AccountId": str(ticket.account_id),
        "PrincipalName": _name(ticket),
        "PrincipalType": "User",
    }
    if ticket.user_id is not None:
        key["PrincipalId"] = _line(ticket.user_id)
    if isinstance(ticket.facts, KeyFacts):
        key["Status"] = _status(ticket, ticket.facts).value
        key["CreatedAt"] = time_text(ticket.facts.created_at)
    name = f"AWS::IAM::AccessKey:{_line(ticket.access_key_id)}"
    return [_resource("AwsIamAccessKey", name, place, {"AwsIamAccessKey": key}), owner]


def _resource(kind: str, name: str, place: Place, details: Mapping[str, object] | None = None) -> dict[str, object]:
    made: dict[str, object] = {"Type": kind, "Id": name, "Partition": place.partition, "Region": place.region}
    return made | ({"Details": details} if details is not None else {})


def _user_arn(ticket: Ticket, place: Place) -> str:
    """Return the user's ARN. Reports do not tell the path: it is in the ARN where the user was read whole, else it is ``/``."""
    path = ticket.snapshot.path if ticket.snapshot is not None else "/"
    name = _UNSAFE.sub(_quoted, f"{path}{ticket.username or '-'}")
    # Of what IAM allows, only paths of some 400 characters and more are cut; a report can say anything.
    return f"arn:{place.partition}:iam::{ticket.account_id}:user{name}"[:ID_MOST]


def _quoted(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))
