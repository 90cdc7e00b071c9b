"""Reads YAML that people wrote: no aliases (a few lines of them can fill the memory), no key twice, nothing but data."""

from pathlib import Path
from typing import Any

import yaml

from iamflow.config.fields import quoted
from iamflow.domain.encoding import for_log
from iamflow.domain.errors import ConfigError

_LARGEST = 1_000_000
"""Bytes. A settings file is a few kilobytes."""


class _Loader(yaml.SafeLoader):
    """A safe loader without aliases and without silent duplicates."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's parser is untyped
            problem = "aliases (*name) are not allowed"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Refuse a key that stands twice: the last would win without a word."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                problem = f"the key {quoted(key_node.value)} must be text: put it in quotes"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            if key in seen:
                problem = f"the key {quoted(key)} stands twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; an empty file is an empty one. Raises ``ConfigError`` with the line."""
    try:
        if not path.is_file():
            message = f"{path} is not there, or is not a file"
            raise ConfigError(message)
        if path.stat().st_size > _LARGEST:
            message = f"{path} is too large to be a settings file"
            raise ConfigError(message)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        message = f"{path} cannot be read: {reason}"
        raise ConfigError(message) from error
    try:
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        # A ValueError is a scalar that looks like a date or a number and is none, such as 2026-02-31.
        raise ConfigError(f"{path}: {_where(error)}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        message = f"{path} must hold settings as key: value"
        raise ConfigError(message)
    return loaded


def _where(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {for_log(str(error.problem), limit=200)}"
    return "it is no readable YAML"
