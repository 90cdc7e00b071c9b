"""The file that says which name has which address (``owners.map``)."""

import csv
from pathlib import Path

from iamflow.config.yaml_file import read_yaml
from iamflow.domain.errors import ConfigError
from iamflow.domain.owners import valid_address


def read_owner_map(path: Path) -> dict[str, str]:
    """Return name (lower case) → address from a YAML mapping or a CSV file of two columns. Raises ``ConfigError``."""
    pairs = _from_csv(path) if path.suffix.lower() == ".csv" else _from_yaml(path)
    for name, address in pairs.items():
        if valid_address(address) is None:
            message = f"{path}: {name!r} has no mail address but {address!r}"
            raise ConfigError(message)
    return {name.strip().lower(): address for name, address in pairs.items()}


def _from_yaml(path: Path) -> dict[str, str]:
    return {str(name): str(address) for name, address in read_yaml(path).items()}


def _from_csv(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read: {error}"
        raise ConfigError(message) from error
    wrong = next((number for number, row in enumerate(rows, start=1) if len(row) != len(("name", "address"))), None)
    if wrong is not None:
        message = f"{path}: row {wrong} must have two cells, a name and an address"
        raise ConfigError(message)
    header = rows[:1] and valid_address(rows[0][1]) is None
    return {row[0]: row[1] for row in (rows[1:] if header else rows)}
