"""What pip installs away from the checkout can make a database and write a notice."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.files import PROJECT, ROOT


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_it_carries_every_file_of_the_package(names: set[str]) -> None:
    package = [path for path in (ROOT / "iamflow").rglob("*") if path.is_file() and "__pycache__" not in path.parts]

    assert {str(path.relative_to(ROOT)) for path in package} <= names


def test_it_carries_every_migration(names: set[str]) -> None:
    revisions = {path.name for path in (ROOT / "migrations" / "versions").glob("*.py")}

    assert revisions
    assert {f"iamflow/_migrations/versions/{name}" for name in revisions} <= names
    assert "iamflow/_migrations/env.py" in names


def test_it_carries_the_templates_and_the_example_of_the_settings(names: set[str]) -> None:
    templates = {
        f"iamflow/notify/templates/{path.name}" for path in (ROOT / "iamflow" / "notify" / "templates").glob("*.j2")
    }

    assert templates
    assert templates <= names
    assert "iamflow/config.example.yaml" in names


def test_it_carries_nothing_but_the_package(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}

    assert tops == {"iamflow", f"iamflow-{PROJECT['project']['version']}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".db")]


def test_an_installed_iamflow_makes_its_database_from_the_migrations_it_carries(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from iamflow.store.migrate import folder, upgrade\n"
        "print(folder()); print(upgrade('sqlite:///' + sys.argv[2]))\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path / "site"), str(tmp_path / "new.db")],
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip

    where, revision = done.stdout.splitlines()
    assert Path(where) == tmp_path / "site" / "iamflow" / "_migrations"
    assert revision != "none"
    assert (tmp_path / "new.db").stat().st_size > 0
