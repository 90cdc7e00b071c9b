"""Each guard is shown to be the only one that stops a call, so that none can be removed unseen."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from iamflow.domain import guards
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import GUARDS, Guard, approval, authority, subject, use, waits

from .circumstances import Alone, allowed, codes, refusing


def _cases() -> tuple[Alone, ...]:
    """Return the cases of every test file in this folder that declares any, found by reading the folder."""
    here = Path(__file__)
    names = sorted(one.name for one in pkgutil.iter_modules([str(here.parent)]) if one.name != here.stem)
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if name.startswith("test_")]
    return tuple(case for module in modules for case in getattr(module, "ALONE", ()))


@pytest.mark.parametrize("kind", EffectKind)
def test_there_are_circumstances_in_which_every_effect_is_allowed(kind: EffectKind) -> None:
    assert codes(allowed(kind)) == ()


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_every_guard_is_the_only_refusal_somewhere(guard: Guard) -> None:
    assert any(refusing(case.spoilt) == (guard,) for case in _cases())


def test_every_case_spoils_one_thing_only() -> None:
    several = [str(case) for case in _cases() if len(refusing(case.spoilt)) != 1]

    assert several == []


def test_every_effect_has_a_case_in_which_it_is_stopped() -> None:
    assert {case.spoilt.effect.kind for case in _cases()} == set(EffectKind)


def test_every_guard_that_is_written_is_asked() -> None:
    written = {
        function
        for module in (approval, authority, subject, use, waits)
        for function in vars(module).values()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and inspect.signature(function).return_annotation == inspect.signature(authority.not_frozen).return_annotation
    }

    assert written == set(GUARDS)
    assert len(GUARDS) == len(written)


def test_every_module_of_guards_is_looked_at_here() -> None:
    found = {one.name for one in pkgutil.iter_modules(guards.__path__)}

    assert found == {"approval", "authority", "circumstances", "subject", "use", "waits"}
