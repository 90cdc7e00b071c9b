"""Each guard is shown to be the only one that stops a call, so that none can be removed unseen."""

import inspect
import pkgutil
from collections.abc import Callable, Mapping

import pytest

from iamflow.domain import guards
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import (
    GUARDS,
    Circumstances,
    Guard,
    approval,
    authority,
    guardrail,
    mfa,
    migration,
    rotation,
    subject,
    use,
    user,
    waits,
)
from iamflow.workflows.registry import WORKFLOWS

from . import governing, migrating, replacing, requiring, taking
from .cases import every_case
from .circumstances import KINDS, allowed, codes, refusing

CIRCUMSTANCES: Mapping[EffectKind, Callable[[EffectKind], Circumstances]] = {
    **dict.fromkeys(KINDS, allowed),
    **dict.fromkeys(requiring.KINDS, requiring.allowed),
    **dict.fromkeys(taking.KINDS, taking.allowed),
    **dict.fromkeys(replacing.KINDS, replacing.allowed),
    **dict.fromkeys(governing.KINDS, governing.allowed),
    **dict.fromkeys(migrating.KINDS, migrating.allowed),
}
"""In which circumstances each effect is allowed."""


@pytest.mark.parametrize("kind", CIRCUMSTANCES)
def test_there_are_circumstances_in_which_every_effect_is_allowed(kind: EffectKind) -> None:
    assert codes(CIRCUMSTANCES[kind](kind)) == ()


def test_every_effect_of_every_workflow_has_such_circumstances() -> None:
    assert set(CIRCUMSTANCES) == {kind for workflow in WORKFLOWS for kind in workflow.effects}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_every_guard_is_the_only_refusal_somewhere(guard: Guard) -> None:
    assert any(refusing(case.spoilt) == (guard,) for case in every_case())


def test_every_case_spoils_one_thing_only() -> None:
    several = [str(case) for case in every_case() if len(refusing(case.spoilt)) != 1]

    assert several == []


def test_every_effect_has_a_case_in_which_it_is_stopped() -> None:
    assert {case.spoilt.effect.kind for case in every_case()} == set(CIRCUMSTANCES)


def test_every_guard_that_is_written_is_asked() -> None:
    guard_like = inspect.signature(authority.not_frozen)
    written = {
        name
        for module in (approval, authority, guardrail, mfa, migration, rotation, subject, use, user, waits)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and inspect.signature(function) == guard_like
        if "__" not in name and not name.startswith("_")  # the variants that mutation testing adds
    }

    assert sorted(written) == sorted(guard.__name__ for guard in GUARDS)


def test_every_module_of_guards_is_looked_at_here() -> None:
    found = {one.name for one in pkgutil.iter_modules(guards.__path__)}

    assert found == {
        "approval", "authority", "circumstances", "guardrail", "mfa", "migration", "rotation", "subject", "use", "user", "waits",
    }  # fmt: skip
