"""The locks work behind any index, and say nothing about the machine that made them."""

import re
from pathlib import Path

import pytest

from tests.project.files import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def test_there_is_a_lock_for_running_and_one_for_development() -> None:
    assert [path.name for path in LOCKS] == ["core.txt", "dev.txt"]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_no_address_no_path_and_no_option_but_hashes(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if number == 1 and line.startswith("# Made by `make lock`"):
            continue
        where = f"{path.name}:{number}: {line}"
        assert "://" not in line, where
        assert "/" not in line, where
        assert " @ " not in line, where
        assert "#" not in line, where
        assert not re.search(r"(^|\s)-(?!-hash=sha256:)", line), where
