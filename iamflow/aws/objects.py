"""Files that are put into S3."""

from pathlib import Path

from iamflow.aws.clients import Api


def put(s3: Api, bucket: str, name: str, file: Path) -> None:
    """Put a file into a bucket under a name, in one call."""
    with file.open("rb") as body:
        s3.call("PutObject", Bucket=bucket, Key=name, Body=body, ContentType="text/csv; charset=utf-8")
