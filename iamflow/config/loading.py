"""Finds the settings file and reads it; every fault becomes one line that names its place, the key and the reason."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from iamflow.config.environment import variable_for
from iamflow.config.model import Settings
from iamflow.config.yaml_file import read_yaml
from iamflow.domain.encoding import for_log
from iamflow.domain.errors import ConfigError


def default_file() -> Path:
    """Return where the settings are looked for when nobody says otherwise."""
    return Path(platformdirs.user_config_dir("iamflow")) / "config.yaml"


def find_file(given: Path | None) -> Path | None:
    """Return the settings file: the given one, IAMFLOW_CONFIG, the user's own, or None where there is none.

    Raises ``ConfigError`` when one that was named does not exist.
    """
    variable = os.environ.get("IAMFLOW_CONFIG")
    named = given or (Path(variable) if variable else None)
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
    source = str(file) if file is not None else "the settings"
    _refuse_password(values, source)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error, source)) from None
    except SettingsError as error:
        raise ConfigError(f"the environment: {for_log(str(error), limit=200)}") from None
    return settings.placed((file.parent if file is not None else Path.cwd()).absolute())


def _refuse_password(values: Mapping[str, Any], source: str) -> None:
    """Refuse a password in the file's database URL: the file is copied, shown and kept under version control."""
    database = values.get("database")
    url = database.get("url") if isinstance(database, Mapping) else None
    try:
        password = urlsplit(url).password if isinstance(url, str) else None
    except ValueError:
        return
    if password:
        message = (
            f"{source}: database.url: a password is never written here: leave it to ~/.pgpass or PGPASSWORD, or give the whole "
            "URL as IAMFLOW_DATABASE__URL"
        )
        raise ConfigError(message)


def _sentence(error: ValidationError, file: str) -> str:
    """Return the first fault as a sentence; how many more there are is said too."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    fault = faults[0]
    source = variable_for(fault["loc"]) or file
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{source}: {for_log(_reason(fault), limit=400)}{more}"


def _reason(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"there is no setting {where}{_near(fault['loc'])}"
    reason = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{where}: {reason}" if where else reason


def _near(location: Sequence[int | str]) -> str:
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
