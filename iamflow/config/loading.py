"""Finds the settings file and reads it; every fault becomes one line that names file, key and reason."""

import difflib
import os
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from iamflow.config.model import Settings
from iamflow.config.yaml_file import read_yaml
from iamflow.domain.errors import ConfigError


def default_file() -> Path:
    """Return where the settings are looked for when nobody says otherwise."""
    return Path(platformdirs.user_config_dir("iamflow")) / "config.yaml"


def find_file(given: Path | None) -> Path | None:
    """Return the settings file: the given one, IAMFLOW_CONFIG, the user's own, or None where there is none.

    Raises ``ConfigError`` when one that was named does not exist.
    """
    named = given or (Path(os.environ["IAMFLOW_CONFIG"]) if os.environ.get("IAMFLOW_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            message = f"there is no settings file {named}: iamflow --config {named} init writes one"
            raise ConfigError(message)
        return named
    own = default_file()
    return own if own.is_file() else None


def load(given: Path | None = None) -> Settings:
    """Return the settings from the file, if there is one, and the environment. Raises ``ConfigError``."""
    file = find_file(given)
    values = read_yaml(file) if file is not None else {}
    source = str(file) if file is not None else "the environment"
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_first(error)}") from None
    except SettingsError as error:
        raise ConfigError(f"{source}: {str(error).splitlines()[0]}") from None
    return settings.placed((file.parent if file is not None else Path.cwd()).absolute())


def _first(error: ValidationError) -> str:
    """Return the first fault as a sentence; how many more there are is said too."""
    faults = error.errors(include_url=False, include_context=False)
    # A value that may be a word or a list is judged as both; the judgement of its items says more than "not the word".
    fault = next((fault for fault in faults if fault["type"] == "value_error"), faults[0])
    where = ".".join(str(part) for part in fault["loc"] if part not in _UNION_MEMBERS)
    others = len({tuple(part for part in other["loc"] if part not in _UNION_MEMBERS)[:2] for other in faults}) - 1
    more = f" (and {others} more)" if others else ""
    if fault["type"] == "extra_forbidden":
        return f"there is no setting {where}{_near(fault['loc'])}{more}"
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {reason}{more}" if where else f"{reason}{more}"


_UNION_MEMBERS = frozenset(
    {"literal['all']", "literal['enabled']", "list[function-before[parse_account(), str]]", "list[str]"}
)


def _near(location: tuple[int | str, ...]) -> str:
    """Return a hint at settings with a similar name in the same section."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = next((f for n, f in model.model_fields.items() if part in {n, f.alias}), None)
        annotation: Any = field.annotation if field is not None else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        model = annotation
    names = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(names)}"
