"""Mutation testing of the guards: ``make mutants`` changes them in every small way and counts which changes a test notices."""

import json
import shutil
import subprocess
import sys

from tests.project.files import ROOT

LEAST_PERCENT = 95
_NOTICED = ("killed", "timeout", "segfault")
_COUNTED = (*_NOTICED, "survived", "no_tests", "suspicious")


def main() -> int:
    """Run mutmut from nothing, print the figure and the survivors; return 1 below the least percentage, else 0."""
    # Results that mutmut has kept are of the tests as they were.
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    subprocess.run([*mutmut, "export-cicd-stats"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    counts = json.loads((ROOT / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    subprocess.run([*mutmut, "results"], check=True, cwd=ROOT)
    total = sum(counts[name] for name in _COUNTED)
    killed = sum(counts[name] for name in _NOTICED)
    percent = 100 * killed / total if total else 0.0
    sys.stdout.write(
        f"killed {killed} of {total} mutants of the guards: {percent:.1f} % (at least {LEAST_PERCENT} % is asked)\n"
    )
    return 0 if percent >= LEAST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
