"""Every case in which one reason blocks alone, found by reading this folder's test files."""

import importlib
import pkgutil
from pathlib import Path

from .circumstances import Alone

_WITHOUT_CASES = frozenset({"test_every_guard_blocks_alone", "test_every_reason_is_told", "test_properties"})


def every_case() -> tuple[Alone, ...]:
    """Return the cases that the test files declare; a file without any is an error, unless it is about all of them."""
    names = {one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]) if one.name.startswith("test_")}
    modules = [importlib.import_module(f"{__package__}.{name}") for name in sorted(names - _WITHOUT_CASES)]
    return tuple(case for module in modules for case in module.ALONE)
