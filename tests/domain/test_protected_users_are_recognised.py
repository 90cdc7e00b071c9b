"""Safety rule 13: who is protected, by name, by identity and by tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.policy import Protection
from iamflow.domain.protection import protected_by_name, protected_by_tag

from .samples import ACCOUNT

DEFAULT = Protection()
OWN = Protection(users=(), own_usernames=((ACCOUNT, "iamflow-Operator"),))


@pytest.mark.parametrize("name", ["break-glass", "break-glass-2", "BREAK-GLASS", "Break-Glass@corp"])
def test_break_glass_users_are_protected_unless_the_settings_say_otherwise(name: str) -> None:
    assert protected_by_name(ACCOUNT, name, DEFAULT) == "protected by name (protect.users: break-glass*)"
    assert protected_by_name(ACCOUNT, name, Protection(users=())) is None


@pytest.mark.parametrize("name", ["deploy", "not-break-glass", "breakglass", ""])
def test_a_pattern_is_about_the_whole_name(name: str) -> None:
    assert protected_by_name(ACCOUNT, name, DEFAULT) is None


def test_any_of_the_patterns_protects() -> None:
    protection = Protection(users=("root-*", "*-ADMIN", "svc-?"))

    assert protected_by_name(ACCOUNT, "alice-admin", protection) is not None
    assert protected_by_name(ACCOUNT, "svc-1", protection) is not None
    assert protected_by_name(ACCOUNT, "svc-10", protection) is None


@pytest.mark.parametrize("name", ["iamflow-Operator", "iamflow-operator", "IAMFLOW-OPERATOR"])
def test_an_identity_of_iamflows_own_is_protected_in_its_account(name: str) -> None:
    assert "iamflow itself" in (protected_by_name(ACCOUNT, name, OWN) or "")
    assert protected_by_name("210987654321", name, OWN) is None


@pytest.mark.parametrize(
    "tags", [{"iamflow:protected": "yes"}, {"IAMFLOW:Protected": ""}, {"a": "b", "iamflow:protected": "no"}]
)
def test_the_protecting_tag_needs_no_value(tags: dict[str, str]) -> None:
    assert protected_by_tag(tags, DEFAULT) == "protected by its tag iamflow:protected"


def test_a_tag_can_be_asked_for_by_value() -> None:
    protection = Protection(tags=(("tier", "gold*"), ("keep", "true")))

    assert protected_by_tag({"Tier": "Golden"}, protection) == "protected by its tag tier"
    assert protected_by_tag({"Keep": "TRUE", "Tier": "silver"}, protection) == "protected by its tag keep"
    assert protected_by_tag({"Tier": "silver", "Keep": "false"}, protection) is None


def test_of_two_tags_that_differ_in_case_either_protects() -> None:
    protection = Protection(tags=(("keep", "true"),))

    assert protected_by_tag({"keep": "true", "KEEP": "no"}, protection) is not None
    assert protected_by_tag({"KEEP": "no", "keep": "true"}, protection) is not None


def test_without_tags_nothing_protects() -> None:
    assert protected_by_tag({}, DEFAULT) is None
    assert protected_by_tag({"iamflow": "protected"}, DEFAULT) is None


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*?[]"), min_size=1))
def test_a_name_written_out_protects_exactly_that_user(name: str) -> None:
    protection = Protection(users=(name,))

    assert protected_by_name(ACCOUNT, name.swapcase(), protection) is not None
    assert protected_by_name(ACCOUNT, name + "x", protection) is None
