"""The settings that the environment gives: ``IAMFLOW_SECTION__KEY``, over whatever the file says."""

import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from iamflow.domain.encoding import for_log
from iamflow.domain.errors import ConfigError

PREFIX = "IAMFLOW_"
DELIMITER = "__"
_NOT_SETTINGS = frozenset({"IAMFLOW_CONFIG", "IAMFLOW_DEBUG"})


class EnvironmentSource(EnvSettingsSource):
    """Reads variables as pydantic-settings does, and lists also as ``one,two``.

    A name with a hyphen is written with an underscore: ``IAMFLOW_WORKFLOWS__DISABLE_KEY__GRACE``.
    """

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ANN401 - as overridden
        """Return JSON decoded where the value is some; anything else is left for the setting's own type to read."""
        if isinstance(value, str) and value.lstrip()[:1] not in {"{", "["}:
            return value
        return super().decode_complex_value(field_name, field, value)

    def __call__(self) -> dict[str, Any]:
        """Return what the environment sets, under the names that a file uses. Raises ``ConfigError`` for a name that is none."""
        _refuse_unknown(list(self.settings_cls.model_fields))
        given = super().__call__()
        return {name: _as_in_a_file(self.settings_cls.model_fields[name], value) for name, value in given.items()}


def variable_for(location: Sequence[int | str]) -> str | None:
    """Return the variable that sets this setting, or a section that it is in; None where the environment does not."""
    names = {name.upper(): name for name in os.environ}
    parts = [str(part).upper().replace("-", "_") for part in location]
    candidates = (PREFIX + DELIMITER.join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((names[candidate] for candidate in candidates if candidate in names), None)


def _refuse_unknown(sections: Sequence[str]) -> None:
    """Refuse variables whose section does not exist: pydantic-settings would pass over them without a word."""
    for name in sorted(os.environ):
        upper = name.upper()
        section = upper.removeprefix(PREFIX).split(DELIMITER)[0].lower()
        if not upper.startswith(PREFIX) or upper in _NOT_SETTINGS or section in sections:
            continue
        close = difflib.get_close_matches(section, sections, n=1)
        if close or DELIMITER in upper:
            hint = f"did you mean {PREFIX}{close[0].upper()}?" if close else f"there are: {', '.join(sections)}"
            message = f"the environment variable {for_log(name, limit=80)} sets nothing; {hint}"
            raise ConfigError(message)


def _as_in_a_file(field: FieldInfo, value: object) -> object:
    """Return a section's values under the names that files use, so that both can be laid over each other."""
    model = field.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel) and isinstance(value, Mapping)):
        return value
    fields = {
        (known.alias or name).replace("-", "_"): (known.alias or name, known)
        for name, known in model.model_fields.items()
    }
    renamed: dict[str, object] = {}
    for key, item in value.items():
        name, known = fields.get(str(key).replace("-", "_"), (str(key), None))
        renamed[name] = _as_in_a_file(known, item) if known is not None else item
    return renamed
