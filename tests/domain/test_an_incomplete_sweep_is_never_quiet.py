"""Safety rule 2: a sweep is conclusive only when at least one region was read and none was left unread."""

from dataclasses import replace

import pytest

from iamflow.domain.evidence import Sweep, SweepRecord

from .samples import HOUR, NOW

READ = Sweep(run_at=NOW, start=NOW - HOUR, end=NOW, regions=("eu-west-1", "us-east-1"))
UNREAD = (("ap-east-1", "throttled"),)
EXCUSED = (("me-south-1", "denied by SCP"),)


def test_a_sweep_that_read_every_region_is_conclusive() -> None:
    assert READ.conclusive is True
    assert replace(READ, excused=EXCUSED).conclusive is True


@pytest.mark.parametrize(
    "sweep",
    [
        replace(READ, unread=UNREAD),
        replace(READ, regions=()),
        replace(READ, regions=(), excused=EXCUSED),
        replace(READ, regions=(), unread=UNREAD),
        replace(READ, unread=UNREAD, excused=EXCUSED),
    ],
)
def test_a_sweep_that_missed_something_is_inconclusive(sweep: Sweep) -> None:
    assert sweep.conclusive is False


def test_a_record_of_a_sweep_is_inconclusive_unless_it_says_so() -> None:
    assert SweepRecord(run_at=NOW, start=NOW, end=NOW, regions=("us-east-1",)).conclusive is False
