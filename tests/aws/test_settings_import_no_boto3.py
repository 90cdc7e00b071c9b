"""Settings, permissions and names are had without boto3: the command line starts without it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["iamflow.aws", "iamflow.aws.settings", "iamflow.aws.permissions", "iamflow.aws.checks"]
)
def test_importing_it_does_not_import_boto3(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('boto3', 'botocore', 'urllib3') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
