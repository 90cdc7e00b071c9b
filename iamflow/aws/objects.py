"""Files that are put into S3."""

from pathlib import Path

from iamflow.aws.clients import Api
from iamflow.domain.errors import ConfigError


def place_of(url: str) -> tuple[str, str]:
    """Return bucket and prefix of ``s3://bucket/prefix``. Raises ``ConfigError`` for what is no such URL."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        message = f"{url!r} names no place in S3: write s3://bucket/prefix"
        raise ConfigError(message)
    return bucket, prefix.strip("/")


def put(s3: Api, url: str, file: Path) -> None:
    """Put a file under ``s3://bucket/prefix`` and its own name, in one call. Raises ``ConfigError`` for what is no such URL."""
    bucket, prefix = place_of(url)
    name = f"{prefix}/{file.name}" if prefix else file.name
    with file.open("rb") as body:
        s3.call("PutObject", Bucket=bucket, Key=name, Body=body, ContentType="text/csv; charset=utf-8")
