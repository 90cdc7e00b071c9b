"""The core imports the standard library only, and its values cannot be changed."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

import iamflow.domain

MODULES = sorted(one.name for one in pkgutil.walk_packages(iamflow.domain.__path__, "iamflow.domain."))


def _imported(module: ModuleType) -> set[str]:
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def _values() -> list[type]:
    modules = [importlib.import_module(name) for name in MODULES]
    found = {
        value
        for module in modules
        for _, value in inspect.getmembers(module, dataclasses.is_dataclass)
        if isinstance(value, type) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda value: value.__qualname__)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_core_imports_the_standard_library_and_the_core_only(name: str) -> None:
    foreign = {
        one
        for one in _imported(importlib.import_module(name))
        if one.partition(".")[0] not in sys.stdlib_module_names and not one.startswith("iamflow.domain")
    }

    assert foreign == set()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_core_reads_no_clock_and_does_no_io(name: str) -> None:
    module = importlib.import_module(name)
    forbidden = {"time", "os", "io", "socket", "subprocess", "pathlib", "sqlite3", "logging", "threading"}

    assert not _imported(module) & forbidden
    assert ".now()" not in inspect.getsource(module)


@pytest.mark.parametrize("value", _values(), ids=lambda value: value.__name__)
def test_a_value_is_frozen_slotted_and_made_by_keyword(value: type) -> None:
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]  # every dataclass has them

    assert parameters.frozen
    assert "__slots__" in vars(value)
    assert all(field.kw_only for field in dataclasses.fields(value))
