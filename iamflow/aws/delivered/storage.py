"""The calls to S3: what was delivered on a day, and what is in an object. A failure is never taken for "nothing"."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime

from iamflow.aws.answers import text
from iamflow.aws.clients import Answer, Api
from iamflow.aws.delivered.extract import Extract, extract
from iamflow.aws.delivered.names import Place, delivered_at
from iamflow.aws.delivered.records import MalformedError, records
from iamflow.aws.errors import Refusal, not_understood, one_line, refusal_of, translated
from iamflow.domain.errors import BlockedError, IamflowError, PermanentError, TemporaryError

UNREADABLE = "trail_bucket"
"""The block code of a bucket or an object that needs a person."""
_PIECE = 2**18
_PAGES_MOST = 200
"""How many pages of a thousand names a day may have: more than a delivery every second makes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """One object, as the bucket lists it."""

    key: str
    etag: str
    at: datetime
    """When it was delivered (UTC), by its name."""


def listed(s3: Api, place: Place, day: date) -> list[Delivered]:
    """Return what was delivered on a day.

    Raises ``TemporaryError`` where that cannot be told now, and ``BlockedError`` (``trail_bucket``) where a person must help.
    """
    folder = place.folder(day)
    try:
        return [found for row in _rows(s3, place, folder) if (found := _delivered(row, place, folder)) is not None]
    except (BlockedError, PermanentError) as error:
        raise _blocked(error, place, place.shown(folder), "s3:ListBucket on the bucket") from error


def read(s3: Api, place: Place, found: Delivered) -> Extract:
    """Return what matters of an object.

    Raises ``TemporaryError`` where it is gone, cut off or no object of a trail, and as ``listed`` otherwise.
    """
    shown = place.shown(found.key)
    try:
        answer = s3.call("GetObject", Bucket=place.where.bucket, Key=found.key)
        with closing(answer["Body"]) as body:
            return extract(records(_pieces(s3, body.iter_chunks(_PIECE))), place.region)
    except MalformedError as error:
        message = f"account {place.account_id}: {shown} {error}: what it told is not known; see who wrote it"
        raise TemporaryError(message) from error
    except PermanentError as error:
        if refusal_of(error) is Refusal.GONE:
            message = f"account {place.account_id}: {shown} was listed and is gone: what it told is not known"
            raise TemporaryError(message) from error
        raise _blocked(error, place, shown, "s3:GetObject on it, and kms:Decrypt with its key") from error
    except BlockedError as error:
        raise _blocked(error, place, shown, "s3:GetObject on it, and kms:Decrypt with its key") from error


def _rows(s3: Api, place: Place, folder: str) -> Iterator[Answer]:
    more: dict[str, object] = {}
    for _ in range(_PAGES_MOST):
        answer = s3.call("ListObjectsV2", Bucket=place.where.bucket, Prefix=folder, **more)
        yield from answer.get("Contents") or []
        if not answer.get("IsTruncated"):
            return
        token = text(answer.get("NextContinuationToken"))
        if token is None or token == more.get("ContinuationToken"):
            raise not_understood(s3.attempt_at("ListObjectsV2"), "goes on, but does not say where")
        more = {"ContinuationToken": token}
    message = f"{place.shown(folder)} holds more than {_PAGES_MOST * 1000} objects: no trail delivers so many in a day"
    raise PermanentError(message)


def _delivered(row: Answer, place: Place, folder: str) -> Delivered | None:
    """Return one row of a list; None for what the S3 console makes to show an empty folder."""
    key, etag = text(row.get("Key")), text(row.get("ETag"))
    if key == folder and row.get("Size") == 0:
        return None
    at = delivered_at(key, place) if key is not None else None
    if key is None or etag is None or at is None:
        name = place.shown(key or folder)
        message = f"{name} is not named as CloudTrail names what it delivers: move it elsewhere, or see who wrote it"
        raise PermanentError(message)
    return Delivered(key=key, etag=etag, at=at)


def _pieces(s3: Api, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes of an answer; what breaks off on the way is a call that failed."""
    try:
        yield from chunks
    except Exception as error:  # botocore and urllib3 have many
        raise translated(error, s3.attempt_at("GetObject")) from error


def _blocked(error: IamflowError, place: Place, shown: str, permission: str) -> BlockedError:
    remedy = ""
    if refusal_of(error) in {Refusal.DENIED, Refusal.CREDENTIALS}:
        remedy = f": allow {permission} (role and bucket policy); `iamflow policy show` prints the policy"
    said = one_line(str(error.__cause__ or error))
    message = f"account {place.account_id}: CloudTrail's events cannot be read from {shown}{remedy} ({said})"
    return BlockedError(message, code=UNREADABLE)
