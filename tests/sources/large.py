"""Large reports as a large company's audit writes them: many accounts, users with one key or two, the same ones for a seed."""

import base64
import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.sources.reports import COLUMNS

AUDITED = datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)
"""When the audit was made; the date in ``tests.sources.reports.NAME``."""

_USERS_AN_ACCOUNT = 150
_SERVICES = ("s3", "ec2", "sts", "dynamodb", "cloudwatch", "ses", "sqs")
_STAGES = ("prod", "test", "dev")
_TEAMS = ("payments", "search", "etl", "billing", "platform", "mobile", "reports")


def write_large(path: Path, rows: int, *, share: float, seed: int = 20_261_124) -> Path:
    """Write so many rows, of which this share is about keys that are Active and more than 90 days old: findings.

    A twentieth of the rest is about old keys that are Inactive, the others about keys of less than 60 days.
    """
    dice = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        written, user = 0, 0
        while written < rows:
            person = _person(dice, user)
            for _ in range(min(dice.choice((1, 2)), rows - written)):
                writer.writerow((*person[:-1], *_key(dice, share), person[-1]))
                written += 1
            user += 1
    return path


def _person(dice: random.Random, user: int) -> tuple[str, str, str, str, str, str]:
    account = user // _USERS_AN_ACCOUNT
    console = dice.random() < 0.3
    return (
        f"{100_000_000_000 + account * 7919:012d}",
        f"{_STAGES[account % len(_STAGES)]}-{account}",
        f"{dice.choice(_TEAMS)}.{user}@example.com" if console else f"svc-{dice.choice(_TEAMS)}-{user}",
        "Configurada" if console else "No configurada",
        _written(AUDITED - timedelta(hours=dice.randrange(2_000))) if console else "Nunca",
        "Virtual" if console and dice.random() < 0.8 else "None",
    )


def _key(dice: random.Random, share: float) -> tuple[str, str, str, str, str]:
    due = dice.random() < share
    old = due or dice.random() < 0.05
    created = AUDITED - timedelta(
        days=dice.randrange(91, 2_000) if old else dice.randrange(1, 60), seconds=dice.random()
    )
    used = dice.random() < 0.7
    return (
        "AKIA" + base64.b32encode(dice.randbytes(10)).decode(),
        "Active" if due or not old else "Inactive",
        _written(created),
        _written(created + (AUDITED - created) * dice.random()) if used else "Nunca utilizada",
        dice.choice(_SERVICES) if used else "N/A",
    )


def _written(at: datetime) -> str:
    return at.isoformat(" ")
