"""What every section of the settings is."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Section(BaseModel):
    """A section: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_and_values(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Take a section with nothing below its name for an empty one, which is how YAML reads a commented-out block."""
        if given is None:
            return {}
        if not isinstance(given, dict | cls):
            message = "is a section: settings stand below it as key: value"
            raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
        return given
