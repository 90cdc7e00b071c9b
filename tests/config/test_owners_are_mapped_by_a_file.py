"""``owners.map`` leads from a name to one address; a file that could lead elsewhere by chance is refused."""

from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.domain.errors import ConfigError


def _people(tmp_path: Path, name: str, text: str) -> dict[str, str]:
    (tmp_path / name).write_text(text)
    (tmp_path / "config.yaml").write_text(f"owners: {{map: {name}}}")
    return load(tmp_path / "config.yaml").policy().owners.people


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.yaml", "Team Payments: pay@example.com\nana: ana@example.com\n"),
        ("people.csv", "name,address\nTeam Payments,pay@example.com\nana,ana@example.com\n"),
        ("bare.csv", "\ufeffTeam Payments,pay@example.com\r\nana,ana@example.com\r\n"),
    ],
)
def test_names_are_found_in_any_case_in_yaml_and_csv(name: str, text: str, tmp_path: Path) -> None:
    assert _people(tmp_path, name, text) == {"team payments": "pay@example.com", "ana": "ana@example.com"}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("people.yaml", "ana: nobody", "no mail address"),
        ("people.yaml", "ana: [ana@example.com]", "no mail address"),
        ("people.yaml", "ana: ana@example.com\nANA: eve@example.com", "stands twice"),
        ("people.csv", "ana,ana@example.com\nAna,eve@example.com", "stands twice"),
        ("people.csv", "ana,ana@example.com,x", "row 1 must have two cells"),
        ("people.csv", 'ana,"ana@example.com', "cannot be read"),
        ("people.csv", 'ana,"ana@example.com\nBcc: eve@example.com"', "no mail address"),
    ],
)
def test_a_map_that_could_mislead_is_refused(name: str, text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        _people(tmp_path, name, text)
    assert "\n" not in str(caught.value)


def test_a_map_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("owners: {map: none.csv}")
    with pytest.raises(ConfigError, match=r"none\.csv is not there"):
        load(tmp_path / "config.yaml").policy()
