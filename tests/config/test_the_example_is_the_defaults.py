"""``config.example.yaml`` documents every setting, and its values are the defaults."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from iamflow.config import Settings, load

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
OPEN = {
    "aws.profiles",
    "aws.regions_excused",
    "accounts.contacts",
    "protect.tags",
    "protect.managed_tags",
    "approvers.groups",
}


def _keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    keys = set()
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        keys.add(key)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and key != "journal.key":
            keys |= _keys(field.annotation, key + ".")
    return keys


def _written(values: dict[str, Any], prefix: str = "") -> set[str]:
    keys = set()
    for name, value in values.items():
        key = prefix + name
        keys.add(key)
        if isinstance(value, dict) and key not in OPEN and key != "journal.key":
            keys |= _written(value, key + ".")
    return keys


def test_every_setting_is_in_the_example() -> None:
    assert _written(yaml.safe_load(EXAMPLE.read_text())) == _keys(Settings)


def test_the_example_loads_as_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("IAMFLOW_CONFIG", raising=False)
    assert load(EXAMPLE).model_dump() == load().model_dump()


def test_every_value_has_a_comment_right_above_it() -> None:
    lines = [line.strip() for line in EXAMPLE.read_text().splitlines()]
    values = [(before, line) for before, line in itertools.pairwise(lines) if re.match(r"[a-z][\w-]*: \S", line)]
    bare = [line for before, line in values if not before.startswith("#")]
    assert len(values) > 60
    assert bare == []
