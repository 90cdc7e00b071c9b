"""The rules that decide over keys depend on nothing but Python itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.files import ROOT

DOMAIN = sorted((ROOT / "iamflow" / "domain").rglob("*.py"))
ACTING = {
    "os",
    "io",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "multiprocessing",
    "asyncio",
    "time",
    "urllib",
    "http",
    "sqlite3",
}


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of each module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_domain_imports_itself_and_the_standard_library(path: Path) -> None:
    for name in imported(path):
        top = name.partition(".")[0]
        assert name.startswith("iamflow.domain") or top in sys.stdlib_module_names, f"{path.name} imports {name}"
        assert top not in ACTING, f"{path.name} imports {name}, which reaches beyond values and rules"


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import iamflow; print(sorted(set(sys.modules) - before))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "['iamflow']"
