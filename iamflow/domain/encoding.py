r"""How text that others wrote is made harmless for the place where it lands.

User names, tags, account names, CSV cells, user agents and the answers of mail servers are written by others. Each function
here is for one place. All of them return one line: whatever is not visible (control characters, escape sequences, line ends,
bidirectional overrides, zero-width and other invisible characters, lone surrogates) is shown as an escape such as ``\x1b`` or
``\u202e``. HTML is not here: its templates escape by themselves.
"""

LONGEST = 1024
"""How many characters of a text are shown where no other limit is asked for."""

_ELLIPSIS = "…"

_BLANK = frozenset(
    "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5"  # fillers that count as letters or marks and draw nothing
    + "".join(map(chr, range(0xFE00, 0xFE10)))  # variation selectors, which can carry text that nobody sees
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet compute a cell, in narrow and in full width."""

_PLAIN_IN_MARKDOWN = frozenset(" ,-")


def for_terminal(text: str, *, limit: int = LONGEST) -> str:
    """Return the text for a terminal: nothing in it can move the cursor, colour, or reorder what is read.

    Markup of the library that draws (``[red]``) is not its concern: pass the result as plain text.
    """
    return _shorten(_visible(text), limit)


def for_log(text: str, *, limit: int = LONGEST) -> str:
    """Return the text for a log or a message: it cannot begin another line."""
    return _shorten(_visible(text), limit)


def for_csv(text: str) -> str:
    """Return the text for a CSV cell: a spreadsheet takes it for text, never for a formula.

    A cell that would be computed gets an apostrophe before it, as spreadsheets themselves mark text. The cell is not cut, and
    quoting is left to the ``csv`` module.
    """
    shown = _visible(text)
    return "'" + shown if shown.lstrip()[:1] in _FORMULA else shown


def for_markdown(text: str, *, limit: int = LONGEST) -> str:
    """Return the text for Markdown, table cells included: punctuation becomes entities, so that none of it is markup."""
    shown = _shorten(_visible(text), limit).strip()
    return "".join(_entity(place, char) for place, char in enumerate(shown))


def for_mail_text(text: str, *, limit: int = LONGEST) -> str:
    """Return the text for a mail's body or subject: one line, and no address in it that a mail program makes a link of.

    A user agent can say anything, a link for the reader to follow included: ``https://`` becomes ``https[:]//``.
    """
    return _shorten(_visible(text).replace("://", "[:]//"), limit)


def is_visible(text: str) -> bool:
    """Return whether every character can be seen as it is (a space can)."""
    return text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text))


def _visible(text: str) -> str:
    if is_visible(text):
        return text
    return "".join(char if is_visible(char) else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004 - what two hexadecimal digits can say
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - and four


def _entity(place: int, char: str) -> str:
    if char.isalnum() or not char.isascii() or (place and char in _PLAIN_IN_MARKDOWN):
        return char
    return f"&#{ord(char)};"


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + _ELLIPSIS
