"""Whatever stands in the settings file: they load, or one printable line says why not."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamflow.config import load
from iamflow.domain.errors import ConfigError

EXAMPLE = (Path(__file__).parents[2] / "config.example.yaml").read_bytes()
MARKS = st.sampled_from(
    [
        b"\x00",
        b"\x07",
        b'"',
        b"{",
        b"[",
        b":",
        b"- ",
        b"\n",
        b"\t",
        b"&a ",
        b"*a",
        b"!!int ",
        b"# ",
        b"\xff",
        b"~",
        b"-1",
    ]
)
BYTES = st.one_of(st.binary(max_size=8), MARKS, st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace")))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 20), BYTES), min_size=1, max_size=5),
)
def test_a_damaged_file_is_read_or_refused_in_one_line(edits: list[tuple[int, int, bytes]], tmp_path: Path) -> None:
    content = EXAMPLE
    for place, removed, put in edits:
        content = content[:place] + put + content[place + removed :]
    file = tmp_path / "config.yaml"
    file.write_bytes(content)
    refusal = ""
    try:
        load(file).policy()
    except ConfigError as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert not refusal or refusal.startswith(str(tmp_path))
