"""What IAM says about a user, its keys, and the account."""

from datetime import datetime

from iamflow.aws import belongings, parts, standings
from iamflow.aws.answers import instant, receipt_of, required, text
from iamflow.aws.arns import checked_user, policy_arn
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Attempt, Refusal, not_understood, one_line, refusal_of
from iamflow.aws.organisation import read_organisation
from iamflow.aws.sessions import AccountSession
from iamflow.aws.sinks import open_store
from iamflow.domain.blueprint import Standing
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import KeyId
from iamflow.domain.sink import Sink, SinkState
from iamflow.domain.subject import Part, UserSubject

_QUARANTINE = "AWSCompromisedKeyQuarantine"
_NOT_KNOWN = "N/A"


def read_user(session: AccountSession, iam: Api, subject: UserSubject, clock: Clock) -> UserReading:
    """Read a user, and a key where it is about one, by four calls (more where IAM pages a list, or parts are asked for).

    All of it is read each time, for polls as well: a quarantine that begins while a key is watched must stop
    everything, and tags may begin to protect. ``read_at`` is the time before the first call, so that a reading is never
    younger than what it says. A user who does not exist is a result; whatever fails or changes meanwhile, raises.
    Of a guardrail, the organisation is read instead.
    """
    if subject.governed is not None:
        organizations = session.connection.reading("organizations", iam.attempt.region)
        return read_organisation(session, organizations, subject.governed, clock)
    name = checked_user(subject.username)
    read_at = clock.now()
    answer = _user(iam, name)
    stands, role_used_at = _standings(session, iam, subject)
    if answer is None:
        return UserReading(read_at=read_at, account_id=session.account_id, user_id=None, standings=stands)
    user = answer["User"]
    try:
        attached = parts.attached(iam, name)
        keys = tuple(key_state(iam, row) for row in iam.rows("ListAccessKeys", "AccessKeyMetadata", UserName=name))
        known = any(key.key_id == subject.key_id for key in keys)
        return UserReading(
            read_at=read_at,
            account_id=session.account_id,
            user_id=required(user, "UserId", iam.attempt_at("GetUser")),
            tags=_tags(user, iam.attempt_at("GetUser")),
            keys=keys,
            last_use=last_use(iam, name, subject.key_id) if known and subject.key_id is not None else None,
            aws_time=receipt_of(answer).at,
            quarantined=any(policy.startswith(_QUARANTINE) for policy in attached.values()),
            sink=None if subject.sink is None else state_of(session, subject.sink, iam.attempt.region),
            standings=stands,
            role_used_at=role_used_at,
            policies={policy: parts.inline_policy(iam, name, policy) for policy in subject.policies},
            created_at=instant(user.get("CreateDate")),
            password_last_used=instant(user.get("PasswordLastUsed")),
            console=parts.console(iam, name) if Part.CONSOLE in subject.parts else None,
            mfa=parts.mfa(iam, name) if Part.MFA in subject.parts else None,
            uses={key.key_id: last_use(iam, name, key.key_id) for key in keys}
            if Part.KEY_USES in subject.parts
            else None,
            belongings=belongings.read(iam, user, keys=keys, attached=attached, bodies=Part.BODIES in subject.parts)
            if Part.BELONGINGS in subject.parts
            else None,
            unassigned_mfa=belongings.unassigned_mfa(iam) if Part.UNASSIGNED_MFA in subject.parts else None,
            inline=parts.inline(iam, name) if Part.INLINE in subject.parts else None,
            managed={
                policy: parts.managed(iam, policy_arn(iam.partition, subject.account_id, policy), attached)
                for policy in subject.managed
            },
        )
    except PermanentError as error:
        if refusal_of(error) is not Refusal.GONE:
            raise
        message = f"account {subject.account_id}: user {name!r} changed while it was being read; it will be read again"
        raise TemporaryError(message) from error


def _standings(
    session: AccountSession, iam: Api, subject: UserSubject
) -> tuple[dict[str, Standing] | None, datetime | None]:
    if subject.blueprint is None:
        return None, None
    return standings.read(session.connection.reading, iam, subject.blueprint)


def state_of(session: AccountSession, sink: Sink, region: str) -> SinkState:
    """Return what there is to see of the place of a secret."""
    return open_store(sink, lambda service: session.connection.reading(service, sink.region or region)).state()


def _user(iam: Api, name: str) -> Answer | None:
    try:
        answer = iam.call("GetUser", UserName=name)
    except PermanentError as error:
        if refusal_of(error) is Refusal.GONE:
            return None
        raise
    if not isinstance(answer.get("User"), dict):
        raise not_understood(iam.attempt_at("GetUser"), "lacks the user")
    return answer


def key_state(iam: Api, row: Answer) -> KeyState:
    """Return a row of ListAccessKeys. Raises ``TemporaryError`` where it cannot be understood."""
    attempt = iam.attempt_at("ListAccessKeys")
    status, created = _status(row), instant(row.get("CreateDate"))
    if status is None or created is None:
        raise not_understood(attempt, f"has a key with status {one_line(str(row.get('Status')))!r}, created {created}")
    return KeyState(key_id=KeyId(required(row, "AccessKeyId", attempt)), status=status, created_at=created)


def _status(row: Answer) -> KeyStatus | None:
    """IAM has a third status, Expired, that iamflow has no rule for: a key that bears it leads to a person."""
    return next((status for status in KeyStatus if status.value == row.get("Status")), None)


def last_use(iam: Api, username: str, key_id: KeyId) -> LastUse:
    """Return the last use of one key. Raises ``BlockedError`` where AWS says that it is another user's."""
    attempt = iam.attempt_at("GetAccessKeyLastUsed")
    answer = iam.call("GetAccessKeyLastUsed", AccessKeyId=key_id)
    owner = text(answer.get("UserName"))
    if owner != username:
        whose = "nobody" if owner is None else repr(one_line(owner))
        message = (
            f"account {attempt.account_id}: AWS says that the key belongs to {whose}, not to {username!r}: "
            "find out whose key it is"
        )
        raise BlockedError(message, code="wrong_user")
    used = answer.get("AccessKeyLastUsed")
    if not isinstance(used, dict):
        raise not_understood(attempt, "lacks the last use")
    at = instant(used.get("LastUsedDate"))
    if at is None and "LastUsedDate" in used:
        raise not_understood(attempt, "has a last use without a time")
    return LastUse(at=at, service=_where(used.get("ServiceName")), region=_where(used.get("Region")))


def _tags(user: Answer, attempt: Attempt) -> dict[str, str]:
    """IAM leaves Tags out for a user without tags (GetUser, unlike ListUsers, always tells them)."""
    tags = user.get("Tags", [])
    if any(not isinstance(tag.get("Value"), str) for tag in tags):
        raise not_understood(attempt, "has a tag without a value")
    return {required(tag, "Key", attempt): tag["Value"] for tag in tags}


def _where(value: object) -> str | None:
    found = text(value)
    return None if found == _NOT_KNOWN else found
