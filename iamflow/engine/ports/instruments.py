"""The engine's own instruments."""

from typing import Protocol


class CrashPoints(Protocol):
    """Named places where a test may end the process; in production, reaching one does nothing."""

    def reach(self, name: str) -> None:
        """Say that this place has been reached."""
        ...
