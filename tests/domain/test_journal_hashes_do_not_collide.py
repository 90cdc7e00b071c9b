"""DESIGN 8.17: a keyed chain in which no other list of fields has the same hash."""

import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.journal import canonical, genesis, link

KEY, OTHER = b"k" * 32, b"o" * 32
START = genesis(KEY, "ticket:1")
FIELDS = st.lists(st.text(), max_size=5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("abc",), ("a", "bc")),
        (("a",), ("a", "")),
        ((), ("",)),
        (("", "a"), ("a", "")),
        (("1:a",), ("a",)),
        (("3:abc",), ("3", "abc")),
        (("a1:b",), ("a", "b")),
        (("a", "b"), ("b", "a")),
        (("10",), ("1", "0")),
    ],
)
def test_fields_that_read_alike_when_joined_hash_differently(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert link(KEY, START, *one) != link(KEY, START, *other)


@given(FIELDS, FIELDS)
def test_only_the_same_fields_have_the_same_hash(one: list[str], other: list[str]) -> None:
    assert (link(KEY, START, *one) == link(KEY, START, *other)) == (one == other)


@given(FIELDS)
def test_the_hash_depends_on_the_key_and_on_the_hash_before(fields: list[str]) -> None:
    other_start = genesis(KEY, "ticket:2")

    assert len({link(KEY, START, *fields), link(OTHER, START, *fields), link(KEY, other_start, *fields)}) == 3


def test_every_chain_begins_with_its_own_genesis() -> None:
    assert len({START, genesis(KEY, "ticket:2"), genesis(KEY, "checkpoint:1"), genesis(OTHER, "ticket:1")}) == 4


def test_hashes_are_sha256_in_hexadecimal() -> None:
    for value in (START, link(KEY, START, "a")):
        assert len(value) == 64
        assert set(value) <= set(string.hexdigits.lower())


def test_text_that_is_no_valid_unicode_is_hashed_all_the_same() -> None:
    assert link(KEY, START, "\ud800") != link(KEY, START, "?")


def test_a_value_has_one_text() -> None:
    assert canonical({"b": 1, "a": ["é", None, True]}) == '{"a":["é",null,true],"b":1}'
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": number})
