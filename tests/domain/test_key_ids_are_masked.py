"""Safety rule 16: a notice hides the last seven characters of a key id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.masking import masked

from .samples import KEY


def test_the_last_seven_characters_are_hidden() -> None:
    assert masked(KEY) == "AKIAIOSFODNN7*******"


@pytest.mark.parametrize(("text", "shown"), [("", ""), ("A", "*"), ("1234567", "*******"), ("12345678", "1*******")])
def test_what_is_short_is_hidden_whole(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text())
def test_length_and_beginning_are_kept_and_nothing_else(text: str) -> None:
    hidden = masked(text)

    assert len(hidden) == len(text)
    assert hidden[:-7] == text[:-7]
    assert set(hidden[-7:]) <= {"*"}
