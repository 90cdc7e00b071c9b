"""The file channel: one file a notice, whole or not there, readable by its owner alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.domain.errors import ConfigError, PermanentError, TemporaryError
from iamflow.notify.file import FileChannel
from tests.notify.letters import PROMISED, SENDER, StillClock, notice, read_mail


def channel(folder: Path) -> FileChannel:
    return FileChannel(folder, SENDER, StillClock())


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_the_folder_and_its_mails_are_for_their_owner_alone(tmp_path: Path) -> None:
    channel(tmp_path / "mails").send(notice(), PROMISED)

    [mail] = (tmp_path / "mails").iterdir()
    assert (tmp_path / "mails").stat().st_mode & 0o777 == 0o700
    assert mail.stat().st_mode & 0o777 == 0o600


def test_the_name_tells_time_and_notice(tmp_path: Path) -> None:
    channel(tmp_path).send(notice(dedupe_key="t12:notice:1"), PROMISED)

    [mail] = tmp_path.iterdir()
    assert mail.name.startswith("20261124T001200.000000Z-t12-notice-1-")
    assert mail.suffix == ".eml"


def test_the_file_is_the_mail(tmp_path: Path) -> None:
    channel(tmp_path).send(notice(), PROMISED)

    [path] = tmp_path.iterdir()
    mail = read_mail(path.read_bytes())
    assert mail["From"].addresses[0].addr_spec == SENDER
    assert not mail.defects


def test_without_a_sender_the_mail_is_from_an_address_that_cannot_exist(tmp_path: Path) -> None:
    FileChannel(tmp_path, None, StillClock()).send(notice(), PROMISED)

    [path] = tmp_path.iterdir()
    assert read_mail(path.read_bytes())["From"].addresses[0].domain == "iamflow.invalid"


def test_keys_that_look_alike_as_names_make_two_files(tmp_path: Path) -> None:
    channel(tmp_path).send(notice(dedupe_key="t1:notice:11"), PROMISED)
    channel(tmp_path).send(notice(dedupe_key="t1:notice-11"), PROMISED)

    assert len(list(tmp_path.iterdir())) == 2


def test_a_dedupe_key_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    channel(tmp_path / "mails").send(notice(dedupe_key="../../etc/x\0" + "y" * 500), PROMISED)

    assert [path.name for path in tmp_path.iterdir()] == ["mails"]
    assert len(list((tmp_path / "mails").iterdir())) == 1


def test_what_cannot_be_written_is_tried_again_and_named(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file where the folder should be")

    with pytest.raises(TemporaryError, match="mails: File exists"):
        channel(tmp_path / "mails").send(notice(), PROMISED)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(TemporaryError, match="No space left on device"):
        channel(tmp_path).send(notice(), PROMISED)

    assert list(tmp_path.iterdir()) == []


def test_a_link_laid_out_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder, victim = tmp_path / "mails", tmp_path / "victim"
    victim.write_text("untouched")
    channel(folder).send(notice(), PROMISED)
    [written] = folder.iterdir()
    written.unlink()
    written.symlink_to(victim)
    (folder / f".{written.name}.{os.getpid()}.tmp").symlink_to(victim)

    channel(folder).send(notice(), PROMISED)

    assert victim.read_text() == "untouched"
    assert not written.is_symlink()


def test_a_notice_that_cannot_be_addressed_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(PermanentError):
        channel(tmp_path).send(notice(recipients=("nobody",)), PROMISED)

    assert list(tmp_path.iterdir()) == []


def test_a_sender_that_is_not_one_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"notify\.sender"):
        FileChannel(tmp_path, "iamflow", StillClock())
