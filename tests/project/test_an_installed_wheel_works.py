"""The wheel, with the locked versions, in an empty environment of each supported Python that this machine has, away from the checkout."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.acceptance.company import a_company
from tests.project.files import PROJECT, PYTHONS, ROOT
from tests.project.pythons import interpreters

FOUND = interpreters()
REPORT = ROOT / "tests" / "data" / "iam_audit_report_20261124_001111.csv"
LOADED = """
import sys, iamflow
from iamflow.cli.main import main
code = main(sys.argv[1:])
print(iamflow.__file__, *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Installed:
    """An environment with iamflow in it, and a folder to work in."""

    folder: Path
    python: str

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment, as somebody who has no checkout."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "IAMFLOW_"))}
        environment = kept | {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "xdg")}
        return subprocess.run(
            [str(self.folder / "env" / "bin" / command[0]), *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=self.folder,
            env=environment,
        )

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the pip of the development environment on this one."""
        command = [sys.executable, "-m", "pip", "--python", str(self.folder / "env"), "--disable-pip-version-check"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=300)

    def ok(self, *command: str) -> str:
        """Run a command that must succeed; return what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout


@pytest.fixture(params=FOUND)
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path: Path) -> Installed:
    """An environment of this Python with the locks' versions and the wheel."""
    made = Installed(tmp_path, FOUND[request.param])
    subprocess.run([made.python, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True, capture_output=True)
    locked = ("--require-hashes", "-r", str(ROOT / "requirements" / "core.txt"))
    for what in (locked, ("--no-index", str(wheel))):
        done = made.pip("install", "--quiet", "--no-deps", "--no-compile", *what)
        assert done.returncode == 0, done.stderr[-2000:]
    return made


@pytest.fixture
def extras(wheel: Path) -> dict[str, set[str]]:
    """The names that each extra asks for, as the wheel says it."""
    with zipfile.ZipFile(wheel) as opened:
        name = f"iamflow-{PROJECT['project']['version']}.dist-info/METADATA"
        head = HeaderParser().parsestr(opened.read(name).decode("utf-8"))
    wanted = [Requirement(line) for line in head.get_all("Requires-Dist", [])]
    return {
        extra: {one.name for one in wanted if one.marker is not None and one.marker.evaluate({"extra": extra})}
        for extra in head.get_all("Provides-Extra", [])
    }


def test_the_running_python_is_always_among_them() -> None:
    assert FOUND[".".join(map(str, sys.version_info[:2]))] == sys.executable
    assert set(FOUND) <= set(PYTHONS)


def test_from_nothing_to_a_notice_and_nothing_but_the_wheel_and_the_locks_is_needed(installed: Installed) -> None:
    assert installed.pip("check").returncode == 0
    assert installed.ok("iamflow", "--version").split() == ["iamflow", PROJECT["project"]["version"]]
    _from_init_to_tickets(installed)
    _a_tick_tells_the_owner(installed)
    if installed.python == sys.executable:  # what the extras bring is the same for each
        _extras_are_asked_for_in_one_line(installed)


def _from_init_to_tickets(installed: Installed) -> None:
    config = ("--config", str(installed.folder / "config.yaml"))
    for command in (("init",), ("db", "upgrade"), ("db", "check")):
        installed.ok("iamflow", *config, *command)
    assert "opened" in installed.ok("iamflow", *config, "import", str(REPORT))
    listed = installed.run("python", "-c", LOADED, *config, "ticket", "list", "--limit", "3")
    assert listed.returncode == 0
    where, *loaded = listed.stderr.splitlines()[-1].split()
    assert where.startswith(str(installed.folder / "env"))
    assert not {"boto3", "botocore", "moto", "werkzeug", "alembic"} & set(loaded)


def _a_tick_tells_the_owner(installed: Installed) -> None:
    folder = installed.folder / "company"
    folder.mkdir()
    with a_company(folder) as company:
        company.key("idle")
        config = ("--config", str(folder / "config.yaml"))
        installed.ok("iamflow", *config, "import", str(company.report()))
        installed.ok("iamflow", *config, "tick")
        assert (folder / "mails").is_dir()
        assert company.states() != {"idle": "open"}


def _extras_are_asked_for_in_one_line(installed: Installed) -> None:
    demo = installed.run("iamflow", "demo")
    assert (demo.returncode, len(demo.stderr.splitlines())) == (1, 1)
    assert "sandbox" in demo.stderr
    asked = ("install", "--no-index", "iamflow[postgres]")
    assert installed.pip(*asked).returncode == 0
    assert installed.pip("uninstall", "--quiet", "--yes", "psycopg", "psycopg-binary").returncode == 0
    assert "No matching distribution found for psycopg" in installed.pip(*asked).stderr
    config = installed.folder / "postgresql.yaml"
    config.write_text('database: {url: "postgresql://localhost/iamflow"}\n', encoding="utf-8")
    told = installed.run("iamflow", "--config", str(config), "db", "current")
    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
    assert "[postgres]" in told.stderr


def test_the_extras_name_what_they_bring(extras: dict[str, set[str]]) -> None:
    assert set(extras) == {"postgres", "sandbox", "dev"}
    assert extras["postgres"] == {"psycopg"}
    assert extras["sandbox"] == {"moto", "werkzeug"}
    assert {"pytest", "ruff", "mypy", "hatchling"} | extras["postgres"] | extras["sandbox"] <= extras["dev"]
