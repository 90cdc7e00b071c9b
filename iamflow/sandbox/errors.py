"""Refusals, in the words that each AWS protocol has for them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from xml.sax.saxutils import escape


class Dialect(Enum):
    """The families of AWS protocols, which differ in how they put an error."""

    QUERY = auto()
    EC2 = auto()
    S3 = auto()
    JSON = auto()
    QUERY_JSON = auto()  # JSON bodies with the query protocol's codes: SQS since it moved
    REST = auto()


class Refusal(Enum):
    """Why AWS refuses a call before the service itself looks at it."""

    UNKNOWN_KEY = auto()
    BAD_SIGNATURE = auto()
    EXPIRED = auto()
    DENIED = auto()
    THROTTLED = auto()
    BROKEN = auto()
    UNAVAILABLE = auto()
    NOT_BUILT = auto()
    UNMODIFIABLE = auto()
    CONCURRENT = auto()
    GONE = auto()


class AwsError(Exception):
    """An error that the caller shall see: its code, its message and the HTTP status."""

    def __init__(self, *, code: str, message: str, status: int = 400, details: Mapping[str, str] | None = None) -> None:
        """Keep the parts; ``status`` is an HTTP status, ``details`` are more fields of a JSON service's error."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = details or {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's words, no password
_EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105 - AWS's words, no password
_MESSAGES = {
    Refusal.UNKNOWN_KEY: _INVALID_TOKEN,
    Refusal.BAD_SIGNATURE: "The request signature we calculated does not match the signature you provided.",
    Refusal.EXPIRED: _EXPIRED_TOKEN,
    Refusal.DENIED: "You are not authorized to perform this operation.",
    Refusal.THROTTLED: "Rate exceeded",
    Refusal.BROKEN: "We encountered an internal error. Please try again.",
    Refusal.UNAVAILABLE: "The service is temporarily unavailable.",
    Refusal.UNMODIFIABLE: "The entity cannot be modified while an earlier change of it is being made.",
    Refusal.CONCURRENT: "The request was rejected because multiple requests to change this object were submitted.",
    Refusal.GONE: "The specified key does not exist.",
    Refusal.NOT_BUILT: "The simulated AWS does not know this operation.",
}

# AWS names the same refusal differently in each protocol, and answers it with different statuses.
_CODES: dict[Refusal, dict[Dialect, tuple[str, int]]] = {
    Refusal.UNKNOWN_KEY: {
        Dialect.QUERY: ("InvalidClientTokenId", 403),
        Dialect.EC2: ("AuthFailure", 401),
        Dialect.S3: ("InvalidAccessKeyId", 403),
        Dialect.JSON: ("UnrecognizedClientException", 400),
        Dialect.REST: ("UnrecognizedClientException", 403),
    },
    Refusal.BAD_SIGNATURE: {
        Dialect.QUERY: ("SignatureDoesNotMatch", 403),
        Dialect.EC2: ("AuthFailure", 401),
        Dialect.S3: ("SignatureDoesNotMatch", 403),
        Dialect.JSON: ("InvalidSignatureException", 400),
        Dialect.REST: ("InvalidSignatureException", 403),
    },
    Refusal.EXPIRED: {
        Dialect.QUERY: ("ExpiredToken", 403),
        Dialect.EC2: ("RequestExpired", 400),
        Dialect.S3: ("ExpiredToken", 400),
        Dialect.JSON: ("ExpiredTokenException", 400),
        Dialect.REST: ("ExpiredTokenException", 403),
    },
    Refusal.DENIED: {
        Dialect.QUERY: ("AccessDenied", 403),
        Dialect.EC2: ("UnauthorizedOperation", 403),
        Dialect.S3: ("AccessDenied", 403),
        Dialect.JSON: ("AccessDeniedException", 400),
        Dialect.REST: ("AccessDeniedException", 403),
    },
    Refusal.THROTTLED: {
        Dialect.QUERY: ("Throttling", 400),
        Dialect.EC2: ("RequestLimitExceeded", 503),
        Dialect.S3: ("SlowDown", 503),
        Dialect.JSON: ("ThrottlingException", 400),
        Dialect.REST: ("TooManyRequestsException", 429),
    },
    Refusal.BROKEN: {
        Dialect.QUERY: ("ServiceFailure", 500),
        Dialect.EC2: ("InternalError", 500),
        Dialect.S3: ("InternalError", 500),
        Dialect.JSON: ("InternalServerError", 500),
        Dialect.REST: ("InternalServerException", 500),
    },
    Refusal.UNAVAILABLE: {
        Dialect.QUERY: ("ServiceUnavailable", 503),
        Dialect.EC2: ("Unavailable", 503),
        Dialect.S3: ("ServiceUnavailable", 503),
        Dialect.JSON: ("ServiceUnavailableException", 503),
        Dialect.REST: ("ServiceUnavailableException", 503),
    },
    Refusal.UNMODIFIABLE: dict.fromkeys(Dialect, ("EntityTemporarilyUnmodifiable", 409)),
    Refusal.CONCURRENT: dict.fromkeys(Dialect, ("ConcurrentModification", 409)),
    Refusal.GONE: dict.fromkeys(Dialect, ("NoSuchKey", 404)),
    Refusal.NOT_BUILT: dict.fromkeys(Dialect, ("NotImplemented", 501)),
}


def refusal(reason: Refusal, dialect: Dialect, message: str | None = None) -> AwsError:
    """Return the error that services of that dialect answer with."""
    code, status = _CODES[reason][Dialect.QUERY if dialect is Dialect.QUERY_JSON else dialect]
    return AwsError(code=code, message=message or _MESSAGES[reason], status=status)


def render(error: AwsError, dialect: Dialect, request_id: str) -> Reply:
    """Write an error down as the dialect's services do."""
    code, message = escape(error.code), escape(error.message)
    match dialect:
        case Dialect.QUERY:
            kind = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - the HTTP boundary
            text = (
                f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        case Dialect.EC2:
            text = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            )
        case Dialect.S3:
            text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
        case Dialect.JSON | Dialect.QUERY_JSON | Dialect.REST:
            body = json.dumps({"__type": error.code, "message": error.message, **error.details}).encode()
            headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", error.code))
            return Reply(status=error.status, headers=headers, body=body)
    return Reply(status=error.status, headers=(("Content-Type", "text/xml"),), body=text.encode())
