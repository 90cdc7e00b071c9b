"""The package, its metadata and the changelog speak of the same version and the same Pythons."""

import re

from packaging.specifiers import SpecifierSet

import iamflow
from tests.project.files import PROJECT, PYTHONS, ROOT


def test_the_package_says_the_version_of_its_metadata() -> None:
    assert iamflow.__version__ == PROJECT["project"]["version"]


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert headings[0] == PROJECT["project"]["version"]


def test_the_range_of_pythons_is_the_one_that_is_named() -> None:
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    named = [each.rpartition(" ")[2] for each in PROJECT["project"]["classifiers"] if "Python :: 3." in each]

    assert tuple(named) == PYTHONS
    assert tuple(f"3.{minor}" for minor in range(30) if f"3.{minor}.9" in allowed) == PYTHONS


def test_code_is_checked_against_the_oldest_python() -> None:
    oldest = PYTHONS[0]

    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
