"""Settings files: where they are looked for, and what they hold before it is checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copilot.errors import ConfigurationError

PROJECT_FILE = "copilot.toml"


@dataclass(frozen=True)
class SettingsFile:
    """The table of settings in one file.

    Parameters
    ----------
    path
        The file.
    label
        How messages name it.
    table
        As TOML holds it, unchecked.
    """

    path: Path
    label: str
    table: dict[str, Any]


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigurationError
        If it cannot be read, is not UTF-8 or is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"the settings file {str(path)!r} cannot be read",
            reason=f"{error.strerror or error}.",
            advice="Make it readable, or move it away.",
        ) from error
    except (ValueError, RecursionError) as error:
        problem = "It is not UTF-8 text." if isinstance(error, UnicodeDecodeError) else f"{error}."
        raise ConfigurationError(
            f"the settings file {str(path)!r} is not TOML",
            reason=problem,
            advice='Write `key = value` lines, text in double quotes, e.g. model = "gpt-4.1-mini".',
        ) from error


def find_project_file(start: Path) -> SettingsFile | None:
    """Look for ``copilot.toml`` or ``[tool.copilot]``, from a folder upward to the root of its repository.

    Raises
    ------
    ConfigurationError
        If a file cannot be read, or one folder holds both kinds.
    """
    for folder in (start, *start.parents):
        own = folder / PROJECT_FILE
        shared = _in_pyproject(folder / "pyproject.toml")
        if is_there(own):
            if shared is not None:
                raise ConfigurationError(
                    f"{str(folder)!r} holds both {PROJECT_FILE} and [tool.copilot] in pyproject.toml",
                    reason="It would not be plain which of them counts.",
                    advice="Keep one of the two.",
                )
            return SettingsFile(own, str(own), read_toml(own))
        if shared is not None:
            return shared
        if is_there(folder / ".git", folder_too=True):
            break
    return None


def _in_pyproject(path: Path) -> SettingsFile | None:
    """Find ``[tool.copilot]``; a file that never says "copilot" is none of our business, whatever state it is in."""
    try:
        if b"copilot" not in path.read_bytes():
            return None
    except OSError:
        return None
    tool = read_toml(path).get("tool", {})
    table = tool.get("copilot") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigurationError(
            f"tool.copilot in {str(path)!r} is not a table", advice="Head the settings with a [tool.copilot] line."
        )
    return SettingsFile(path, f"{path} [tool.copilot]", table)


def read_user_file(path: Path) -> SettingsFile | None:
    """Read the user's own settings; ``None`` if there are none."""
    return SettingsFile(path, str(path), read_toml(path)) if is_there(path) else None


def is_there(path: Path, *, folder_too: bool = False) -> bool:
    """Tell whether there is a file; what stands in a folder that we may not enter is not there for us."""
    try:
        return path.exists() if folder_too else path.is_file()
    except OSError:
        return False
