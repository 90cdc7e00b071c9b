"""The interpreters of this machine that iamflow supports: the one that runs the tests, and others where there are any."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.project.files import PYTHONS

_WORKS = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


def interpreters() -> dict[str, str]:
    """Return one interpreter for each supported version that is found here; absent ones are not named."""
    found = {".".join(map(str, sys.version_info[:2])): sys.executable}
    for version in PYTHONS:
        if version not in found:
            working = next((one for one in _candidates(version) if _works(one, version)), None)
            if working is not None:
                found[version] = working
    return dict(sorted(found.items()))


def _candidates(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield on_path
    yield from sorted(str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))


def _works(candidate: str, version: str) -> bool:
    """Run it: version managers leave commands behind that only print an error."""
    try:
        done = subprocess.run([candidate, "-c", _WORKS], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return done.stdout.strip() == version
