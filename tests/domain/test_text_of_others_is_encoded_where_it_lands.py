"""Text that others wrote is harmless on a terminal, in a log, a spreadsheet, Markdown and a mail."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.encoding import for_csv, for_log, for_mail_text, for_markdown, for_terminal, is_visible

ANY = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\r\n\t\0\x1b\u202e\u200b=+-@|`*[]<>&:/")))
ENCODERS = [for_terminal, for_log, for_csv, for_markdown, for_mail_text]


@pytest.mark.parametrize("encode", ENCODERS)
@given(text=ANY)
def test_what_comes_out_is_one_line_that_can_be_seen(encode: Callable[[str], str], text: str) -> None:
    shown = encode(text)

    assert is_visible(shown)
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize("encode", [for_terminal, for_log, for_csv, for_mail_text])
@pytest.mark.parametrize("text", ["svc-billing", "maría.lópez", "開発", "prod, payments", "a b", ""])
def test_what_is_harmless_stays_as_it_is(encode: Callable[[str], str], text: str) -> None:
    assert encode(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\r\nlines", r"two\x0d\x0alines"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("no\u00a0break", r"no\xa0break"),
        ("filler\u3164", r"filler\u3164"),
        ("variation\ufe0f", r"variation\ufe0f"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone\ud800", r"lone\ud800"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert for_terminal(text) == shown
    assert for_log(text) == shown
    assert for_mail_text(text) == shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", "  @"])
def test_a_cell_that_a_spreadsheet_would_compute_is_marked_as_text(start: str) -> None:
    assert for_csv(f"{start}cmd-16") == f"'{start}cmd-16"


@given(text=ANY)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert for_csv(text).lstrip()[:1] not in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


@given(text=ANY)
def test_no_character_that_markdown_acts_on_is_left(text: str) -> None:
    without_entities = re.sub(r"&#[0-9]+;", "x", for_markdown(text))

    assert not set(without_entities) & set("\\`*_{}[]()<>#+!|~&.:@=\"'$^%/;?")
    assert not without_entities.startswith((" ", "-"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a&#124;b"),
        ("[x](y)", "&#91;x&#93;&#40;y&#41;"),
        ("- item", "&#45; item"),
        ("ci-deploy", "ci-deploy"),
        ("  four", "four"),
    ],
)
def test_markdown_shows_punctuation_as_itself(text: str, shown: str) -> None:
    assert for_markdown(text) == shown


def test_a_mail_program_finds_no_link() -> None:
    assert for_mail_text("see https://evil.example ftp://x") == "see https[:]//evil.example ftp[:]//x"


@pytest.mark.parametrize("encode", [for_terminal, for_log, for_mail_text])
@given(text=ANY, limit=st.integers(min_value=1, max_value=40))
def test_a_text_is_never_longer_than_asked_for(encode: Callable[..., str], text: str, limit: int) -> None:
    assert len(encode(text, limit=limit)) <= limit


def test_a_text_that_was_cut_says_so() -> None:
    assert for_log("abcdefgh", limit=5) == "abcd…"
    assert for_log("abcde", limit=5) == "abcde"
