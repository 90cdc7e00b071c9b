"""The settings: a YAML file, the environment over it, and a safe default for everything."""

from iamflow.config.loading import find_file, load
from iamflow.config.model import Settings

__all__ = ["Settings", "find_file", "load"]
