"""The file that says which name has which address (``owners.map``)."""

import csv
from collections.abc import Iterable
from pathlib import Path

from iamflow.config.fields import quoted
from iamflow.config.yaml_file import read_yaml
from iamflow.domain.errors import ConfigError
from iamflow.domain.owners import valid_address

_LARGEST = 1_000_000
"""Bytes; some ten thousand people."""

_COLUMNS = 2


def read_owner_map(path: Path) -> dict[str, str]:
    """Return name (lower case) → address from a YAML mapping or a CSV file of two columns. Raises ``ConfigError``.

    Names are compared in any case; one that stands twice is refused, since it would be chance who gets the notices.
    """
    pairs = _from_csv(path) if path.suffix.lower() == ".csv" else read_yaml(path).items()
    return _checked(path, pairs)


def _checked(path: Path, pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    people: dict[str, str] = {}
    for name, address in pairs:
        key = name.strip().lower()
        if not isinstance(address, str) or valid_address(address.strip()) is None:
            message = f"{path}: {quoted(name)} has no mail address but {quoted(address)}"
            raise ConfigError(message)
        if key in people:
            message = f"{path}: {quoted(name)} stands twice"
            raise ConfigError(message)
        people[key] = address.strip()
    return people


def _from_csv(path: Path) -> list[tuple[str, object]]:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            message = f"{path} is not there, is not a file, or is larger than {_LARGEST // 1_000_000} MB"
            raise ConfigError(message)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no CSV file in UTF-8"
        message = f"{path} cannot be read: {reason}"
        raise ConfigError(message) from error
    wrong = next((number for number, row in enumerate(rows, start=1) if len(row) != _COLUMNS), None)
    if wrong is not None:
        message = f"{path}: row {wrong} must have two cells, a name and an address"
        raise ConfigError(message)
    header = bool(rows) and "@" not in rows[0][1]
    return [(name, address) for name, address in (rows[1:] if header else rows)]
