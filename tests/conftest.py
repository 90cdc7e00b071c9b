"""What every test stands on: no account of the person who runs it, no settings of theirs, and the same dice each time."""

import os
import random

import pytest
from hypothesis import settings

# Before anything is imported that reads them. A test that needs one of these sets it itself.
for name in [name for name in os.environ if name.startswith(("AWS_", "IAMFLOW_"))]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# A slow machine is no failure, and the same commit gives the same answer. To look further: --hypothesis-profile=explore
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start each test with the same random numbers, whichever worker runs it and whatever ran before."""
    random.seed(20_261_124)
