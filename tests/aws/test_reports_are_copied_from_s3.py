"""What lies in S3 is listed to its end, copied exactly as it was listed, and never without bound."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iamflow.aws import reports
from iamflow.aws.reports import Copied, address_of, copy_newest
from iamflow.domain.errors import InputError, TemporaryError

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class S3:
    """What of S3 is called here, in pages of two."""

    objects: dict[str, bytes]
    said: dict[str, int] = field(default_factory=dict)
    """Sizes that the list tells wrongly."""
    calls: list[str] = field(default_factory=list)

    def call(self, operation: str, **asked: Any) -> dict[str, Any]:
        self.calls.append(operation)
        if operation == "ListObjectsV2":
            keys = sorted(key for key in self.objects if key.startswith(asked["Prefix"]))
            begin = int(asked.get("ContinuationToken", "0"))
            rows = [
                {
                    "Key": key,
                    "Size": self.said.get(key, len(self.objects[key])),
                    "LastModified": NOW,
                    "ETag": f'"{key}"',
                }
                for key in keys[begin : begin + 2]
            ]
            more = begin + 2 < len(keys)
            return {"Contents": rows, "IsTruncated": more} | ({"NextContinuationToken": str(begin + 2)} if more else {})
        first, last = asked["Range"].removeprefix("bytes=").split("-")
        return {"Body": io.BytesIO(self.objects[asked["Key"]][int(first) : int(last) + 1])}

    def attempt_at(self, operation: str) -> Any:
        return SimpleNamespace(told=operation, action=operation, where="here")


def copied(s3: S3, folder: Path, known: bytes = b"report") -> Copied:
    address = address_of("s3://audits/iam/")
    return copy_newest(s3, address, folder, lambda path: path.read_bytes().startswith(known), lambda *_: None)  # type: ignore[arg-type]


def test_the_list_is_read_to_its_end(tmp_path: Path) -> None:
    s3 = S3({f"iam/{number}.csv": b"report" for number in range(5)} | {"other": b"report"})
    found = copied(s3, tmp_path)
    assert (found.label, found.path.read_bytes()) == ("s3://audits/iam/4.csv", b"report")
    assert s3.calls == ["ListObjectsV2"] * 3 + ["GetObject"]


def test_only_the_beginning_of_what_is_no_report_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "BEGINNING", 10)
    s3 = S3({"iam/a.csv": b"report" * 100, "iam/b.csv": b"picture" * 100})
    found = copied(s3, tmp_path)
    assert (found.path.read_bytes(), found.passed_over) == (b"report" * 100, ("s3://audits/iam/b.csv",))
    assert s3.calls.count("GetObject") == 3


@pytest.mark.parametrize("size", [3, 12])
def test_an_object_that_is_another_by_now_is_not_used(tmp_path: Path, size: int) -> None:
    class Longer(S3):
        def call(self, operation: str, **asked: Any) -> dict[str, Any]:
            asked.pop("Range", None)
            if operation == "GetObject":
                return {"Body": io.BytesIO(self.objects[asked["Key"]])}
            return super().call(operation, **asked)

    with pytest.raises(TemporaryError, match="import it again"):
        copied(Longer({"iam/a.csv": b"report"}, said={"iam/a.csv": size}), tmp_path)


def test_one_that_is_too_large_is_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    s3 = S3({"iam/a.csv": b"report"}, said={"iam/a.csv": reports.LARGEST + 1})
    with pytest.raises(InputError, match="larger than 2 GiB"):
        copied(s3, tmp_path)
    assert "GetObject" not in s3.calls


def test_too_many_objects_take_a_longer_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "LISTED", 3)
    with pytest.raises(InputError, match="give a longer prefix"):
        copied(S3({f"iam/{number}": b"" for number in range(9)}), tmp_path)


def test_a_connection_that_breaks_is_told_in_one_line(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

        def __iter__(self) -> Iterator[bytes]:
            raise ConnectionResetError

    class Breaking(S3):
        def call(self, operation: str, **asked: Any) -> dict[str, Any]:
            return {"Body": Broken()} if operation == "GetObject" else super().call(operation, **asked)

    with pytest.raises(TemporaryError, match="could not be read to its end"):
        copied(Breaking({"iam/a.csv": b"report"}), tmp_path)


@pytest.mark.parametrize("name", ["iam/..", "iam/a\nb.csv", "iam/-rf", "iam/" + "x" * 200])
def test_no_name_in_s3_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    assert copied(S3({name: b"report"}), tmp_path).path.parent == tmp_path


@pytest.mark.parametrize("url", ["s3://", "s3://UPPER/x", "s3://a", "s3:/audits/x", "https://audits/x"])
def test_what_is_no_place_in_s3_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="write s3://bucket/prefix"):
        address_of(url)
