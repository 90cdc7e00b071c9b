"""Every command reads the settings first: that must not bring in what only a few of them need."""

import subprocess
import sys


def test_no_heavy_library_comes_with_the_settings() -> None:
    program = "import sys, iamflow.config; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    heavy = {"boto3", "botocore", "sqlalchemy", "alembic", "moto", "apscheduler", "transitions", "jinja2", "rich"}
    assert heavy.isdisjoint(loaded)
    assert "pydantic" in loaded
