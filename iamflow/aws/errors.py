"""What botocore raises, sorted into what iamflow's errors mean. One table for every call.

The same failure weighs differently: a read without an answer can be repeated, a change without one may have happened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    MetadataRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSOError,
    TokenRetrievalError,
)

from iamflow.domain.errors import BlockedError, IamflowError, PermanentError, TemporaryError, UncertainError
from iamflow.domain.ids import AccountId

ACCESS = "access"
"""The block code of whatever has to do with credentials and permissions."""

_CLIENT_FAULT = range(400, 500)
_REQUEST_TIMEOUT = 408
_MESSAGE_MOST = 300
_UNMODIFIABLE = frozenset({"EntityTemporarilyUnmodifiable", "EntityTemporarilyUnmodifiableException"})
_MINUTES = timedelta(minutes=3)
"""How long IAM takes, about, until a name that was just given up can be used and changed again."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Refusal(Enum):
    """What an error code means for the one who called."""

    LATER = auto()
    """AWS did certainly not do it, and may later."""
    DENIED = auto()
    """The caller may not do this."""
    CREDENTIALS = auto()
    """AWS does not accept the credentials."""
    EXPIRED = auto()
    """The session is over; a new one may be opened."""
    GONE = auto()
    """The thing asked about does not exist."""
    NO_REPORT = auto()
    """There is no credential report: not yet, or no longer."""


_REFUSALS: Mapping[Refusal, tuple[str, ...]] = {
    # IAM's LimitExceeded and the two 409 codes are not in botocore's list of what is worth a retry (DOMAIN section 5).
    Refusal.LATER: (
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "PriorRequestNotComplete",
        "LimitExceeded", "LimitExceededException", "EntityTemporarilyUnmodifiable",
        "EntityTemporarilyUnmodifiableException", "ConcurrentModification", "ConcurrentModificationException",
        # Something of the user is left: the next look lists again what there is (DOMAIN section 3).
        "DeleteConflict", "DeleteConflictException",
        # Organizations: somebody was faster, or something is still attached; the next look reads what there is.
        "DuplicatePolicyException", "DuplicatePolicyAttachmentException", "PolicyInUseException",
        "PolicyChangesInProgressException",
    ),
    Refusal.DENIED: (
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired", "NotAuthorized",
    ),
    Refusal.CREDENTIALS: (
        "InvalidClientTokenId", "UnrecognizedClientException", "UnrecognizedClient", "AuthFailure",
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature",
        "MissingAuthenticationToken",
    ),
    Refusal.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
    Refusal.NO_REPORT: ("ReportInProgress", "ReportNotPresent", "ReportExpired"),
    Refusal.GONE: (
        "NoSuchEntity", "NoSuchEntityException", "PolicyNotFoundException", "PolicyNotAttachedException",
        "TargetNotFoundException", "AccountNotFoundException", "OrganizationalUnitNotFoundException", "NoSuchKey",
    ),
}  # fmt: skip
_BY_CODE = {code: refusal for refusal, codes in _REFUSALS.items() for code in codes}

# Raised before anything was sent.
_NOT_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    MetadataRetrievalError,
    TokenRetrievalError,
    SSOError,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One call, as an error message names it."""

    action: str
    """As policies name it: ``iam:GetUser``."""
    region: str
    account_id: AccountId | None
    """None for calls made with this host's own credentials."""
    changes: bool = False
    """Whether the call changes something, so that no answer leaves it open whether it happened."""

    @property
    def where(self) -> str:
        """The account, in words."""
        return "this host's own credentials" if self.account_id is None else f"account {self.account_id}"

    @property
    def told(self) -> str:
        """The account, the call and the region, in words."""
        return f"{self.where}: {self.action} in {self.region}"


def refusal_of(error: BaseException) -> Refusal | None:
    """Return what AWS's code means, from the botocore error or an error translated from it; None for any other."""
    cause = error.__cause__ if isinstance(error, IamflowError) else error
    return _BY_CODE.get(_code(cause)) if isinstance(cause, ClientError) else None


def translated(error: Exception, attempt: Attempt) -> IamflowError:
    """Return what a failed call means. Raise it ``from`` the original, so that ``refusal_of`` can tell the code."""
    if isinstance(error, ClientError):
        return _answered(error, attempt)
    return _unsent(error, attempt) or _unanswered(error, attempt)


def unopened(error: BotoCoreError, attempt: Attempt) -> IamflowError:
    """Return what it means that a client could not even be made: its credentials or its configuration are at fault."""
    told = f"{attempt.where}: {attempt.action} cannot be called ({one_line(str(error))})"
    return _unsent(error, attempt) or BlockedError(
        f"{told}: correct the AWS config file or the environment", code=ACCESS
    )


def _answered(error: ClientError, attempt: Attempt) -> IamflowError:
    code = _code(error)
    said = f"{code}: {one_line(str(error.response.get('Error', {}).get('Message', '')))}"
    found: IamflowError
    match _BY_CODE.get(code):
        case Refusal.LATER:
            wait = _MINUTES if code in _UNMODIFIABLE else None
            found = TemporaryError(
                f"{attempt.told} was put off by AWS ({code}); it will be tried again", retry_after=wait
            )
        case Refusal.DENIED:
            remedy = f"allow {attempt.action}; `iamflow policy show` prints the policy"
            found = BlockedError(f"{attempt.told} is denied ({said}): {remedy}", code=ACCESS)
        case Refusal.CREDENTIALS:
            remedy = "check that they exist and that the host's clock is right"
            found = BlockedError(f"{attempt.told}: AWS does not accept the credentials ({code}): {remedy}", code=ACCESS)
        case Refusal.EXPIRED:
            found = TemporaryError(f"{attempt.told}: the session has expired ({code}); a new one will be opened")
        case Refusal.GONE | Refusal.NO_REPORT:
            found = PermanentError(f"{attempt.told}: {said}")
        case None if _refused(error):
            found = PermanentError(f"{attempt.told} was refused ({said})")
        case None:
            found = _unclear(attempt, f"ended in a fault of AWS ({code})")
    return found


def _unsent(error: Exception, attempt: Attempt) -> IamflowError | None:
    """Return the error for a call that never left this host, or None if it may have."""
    kind = type(error).__name__
    if isinstance(error, _NO_CREDENTIALS):
        remedy = "give this host a role, a profile or a sign-in that works"
        return BlockedError(f"{attempt.where}: no AWS credentials could be had ({kind}): {remedy}", code=ACCESS)
    if isinstance(error, ParamValidationError):
        return PermanentError(f"{attempt.told} was refused before it was sent: {one_line(str(error))}")
    if isinstance(error, _NOT_SENT):
        return TemporaryError(f"{attempt.told}: AWS cannot be reached ({kind}); check network and proxy")
    return None


def _unanswered(error: Exception, attempt: Attempt) -> IamflowError:
    """Anything else: no answer, half an answer, or one that botocore's parsers stumbled over."""
    return _unclear(attempt, f"got no answer that can be understood ({type(error).__name__})")


def _unclear(attempt: Attempt, what: str) -> IamflowError:
    if attempt.changes:
        return UncertainError(f"{attempt.told} {what}: reading AWS will tell whether it happened")
    return TemporaryError(f"{attempt.told} {what}; it will be tried again")


def _refused(error: ClientError) -> bool:
    """Whether the status says that the fault lies with the request: then nothing was done."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status in _CLIENT_FAULT and status != _REQUEST_TIMEOUT


def not_understood(attempt: Attempt, what: str) -> TemporaryError:
    """Return the error for an answer that lacks what it must hold: never to be taken for an empty one."""
    return TemporaryError(f"{attempt.told}: the answer {what}; it will be tried again")


def one_line(text: str) -> str:
    """Return others' text on one line, cut to what a message can bear."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    return clean if len(clean) <= _MESSAGE_MOST else clean[: _MESSAGE_MOST - 1] + "…"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))
