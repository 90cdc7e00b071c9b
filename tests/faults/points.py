"""The named points of a pass, and what can be made to happen at one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import iamflow.engine

_REACHES = re.compile(r"""\bcrash\.reach\(\s*["']([a-z_]+)["']""")

BEFORE_INTENTS = frozenset({"claimed", "before_intents"})
"""Those that a pass comes by before it has opened any intent."""


def points() -> list[str]:
    """Return every crash point that the engine names, read from its source: a new one is in each matrix by itself."""
    folder = Path(str(iamflow.engine.__file__)).parent
    return sorted({name for file in folder.glob("*.py") for name in _REACHES.findall(file.read_text("utf-8"))})


def around_a_call() -> list[str]:
    """Return the points between an intent and its outcome: a death there leaves something to be settled.

    That a death at any other leaves nothing is shown of every workflow by ``test_every_workflow_survives_sigkill…``.
    """
    return [point for point in points() if point not in BEFORE_INTENTS | {"after_outcomes"}]


@dataclass
class At:
    """Does something once, when a named point is reached."""

    point: str
    does: Callable[[], object]
    done: bool = False

    def reach(self, name: str) -> None:
        if name == self.point and not self.done:
            self.done = True
            self.does()
