"""Reports that lie in S3: the newest object under a prefix that is one, as a private copy on this host.

Read with this host's own credentials alone. What is compressed is never unpacked: a small object could become an endless file.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from iamflow.aws.answers import instant, text
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import not_understood
from iamflow.domain.encoding import for_log
from iamflow.domain.errors import InputError, TemporaryError

LARGEST = 2 * 1024**3
"""Bytes of an object: what a file of findings may have."""
BEGINNING = 2 * 1024**2
"""Bytes by which it is told whether an object is a report, before the rest of it is read."""
LISTED = 100_000
"""Objects under a prefix, of which the newest is to be found; more than that take a longer prefix."""
LOOKED_AT = 20
"""How many of the newest objects are looked at, until one of them is a report."""

_BLOCK = 1 << 20
_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?", re.DOTALL)
_COMPRESSED = frozenset({".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".parquet", ".lz4"})
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"PAR1")
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A place in S3."""

    bucket: str
    prefix: str

    def of(self, key: str) -> str:
        """Return how an object here is called."""
        return f"s3://{self.bucket}/{key}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """The copy of one object, and which newer ones were passed over."""

    path: Path
    label: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Object:
    key: str
    size: int
    modified: datetime
    etag: str


def address_of(url: str) -> Address:
    """Return the place that a URL names. Raises ``InputError``."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        message = f"{for_log(url, limit=200)} is no place in S3: write s3://bucket/prefix"
        raise InputError(message)
    return Address(bucket=found["bucket"], prefix=found["prefix"] or "")


def copy_newest(
    s3: Api, address: Address, folder: Path, known: Callable[[Path], bool], progress: Callable[[int, int], None]
) -> Copied:
    """Copy the newest object under the prefix that ``known`` takes for a report into a folder.

    Raises ``InputError`` where there is none, or where the newest is too large; what newer ones were passed over is told.
    """
    newest = sorted(_objects(s3, address), key=lambda one: (one.modified, one.key), reverse=True)
    passed_over: list[str] = []
    for found in newest[:LOOKED_AT]:
        label = address.of(found.key)
        if found.size > LARGEST:
            message = f"{for_log(label)}: it is larger than {LARGEST // 1024**3} GiB"
            raise InputError(message)
        suffix = PurePosixPath(found.key).suffix.lower()
        if found.size and suffix not in _COMPRESSED:
            path = _copied(s3, address, replace(found, size=min(found.size, BEGINNING)), folder, progress)
            if known(path):
                if found.size > BEGINNING:
                    path = _copied(s3, address, found, folder, progress)
                return Copied(path=path, label=label, passed_over=tuple(passed_over))
        if found.size:
            passed_over.append(label)
    what = f"none of the {len(passed_over)} newest objects is a report" if passed_over else "there is no object"
    message = (
        f"{for_log(address.of(address.prefix))}: {what} that iamflow can read (compressed ones it does not unpack)"
    )
    raise InputError(message)


def _objects(s3: Api, address: Address) -> Iterator[_Object]:
    """Yield every object under the prefix. Raises ``InputError`` for too many."""
    attempt, count = s3.attempt_at("ListObjectsV2"), 0
    more: dict[str, object] = {}
    while True:
        answer = s3.call("ListObjectsV2", Bucket=address.bucket, Prefix=address.prefix, **more)
        for row in answer.get("Contents", []):
            count += 1
            yield _object(row, s3)
        if count > LISTED:
            message = f"{for_log(address.of(address.prefix))}: more than {LISTED} objects: give a longer prefix"
            raise InputError(message)
        if not answer.get("IsTruncated"):
            return
        token = text(answer.get("NextContinuationToken"))
        if token is None or more.get("ContinuationToken") == token:
            raise not_understood(attempt, "goes on, but does not say where")
        more = {"ContinuationToken": token}


def _object(row: Answer, s3: Api) -> _Object:
    key, modified, size = text(row.get("Key")), instant(row.get("LastModified")), row.get("Size")
    if key is None or modified is None or not isinstance(size, int):
        raise not_understood(s3.attempt_at("ListObjectsV2"), "has an object without name, size or date")
    return _Object(key=key, size=size, modified=modified, etag=text(row.get("ETag")) or "")


def _copied(s3: Api, address: Address, found: _Object, folder: Path, progress: Callable[[int, int], None]) -> Path:
    """Copy exactly the object that was listed, or its beginning. Raises ``TemporaryError`` where it is another by now."""
    name = PurePosixPath(found.key).name
    path = folder / (name if _HARMLESS.fullmatch(name) else "object")
    match = {"IfMatch": found.etag} if found.etag else {}
    part = {"Range": f"bytes=0-{found.size - 1}"}
    body = s3.call("GetObject", Bucket=address.bucket, Key=found.key, **match, **part)["Body"]
    label, read = for_log(address.of(found.key)), 0
    with path.open("wb") as file:
        path.chmod(0o600)
        while data := _block(body, label):
            if not read and data.startswith(_PACKED):
                break
            read += len(data)
            if read > found.size:
                message = f"{label}: it is longer than S3 said: import it again"
                raise TemporaryError(message)
            file.write(data)
            progress(read, found.size)
        else:
            if read != found.size:
                message = f"{label}: only {read} of {found.size} bytes came: import it again"
                raise TemporaryError(message)
    return path


def _block(body: Answer, label: str) -> bytes:
    try:
        data: bytes = body.read(_BLOCK)  # type: ignore[attr-defined]  # botocore's own stream
    except Exception as error:
        message = f"{label}: it could not be read to its end ({type(error).__name__}): import it again"
        raise TemporaryError(message) from error
    return data
