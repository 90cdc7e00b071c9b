"""The wheel, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.files import PROJECT, ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel; return its path."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (path,) = folder.glob(f"iamflow-{PROJECT['project']['version']}-*.whl")
    return path
