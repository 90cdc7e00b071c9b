"""Renews the locks: every version pinned and hashed, for Python 3.11 to 3.13, with no address of any index."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LOCKS = {"core.txt": ["--extra", "postgres"], "dev.txt": ["--extra", "dev"]}
HEADER = "# Made by `make lock` from pyproject.toml. Pinned and hashed; installs with: pip install --no-deps --require-hashes -r\n"


def main() -> int:
    """Write both locks and return the exit code."""
    for name, extras in LOCKS.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11",
            "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
            "--no-config", "--quiet", "--no-emit-package", "iamflow", *extras,
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)  # noqa: S603 - our own words
        (HERE / name).write_text(HEADER + done.stdout, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
