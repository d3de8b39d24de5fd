"""Settings from all their sources: flag, environment, project file, user file, stored key, default."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from copilot.composition.endpoint import DEFAULT_BASE_URL
from copilot.composition.files import SettingsFile, find_project_file, read_user_file
from copilot.composition.keys import stored_key
from copilot.composition.places import config_folder
from copilot.composition.settings import FOCUSED_VOTES, SPECS, Origin, Settings, Spec
from copilot.domain.text import one_line
from copilot.errors import ConfigurationError


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    user_folder: Path | None = None,
) -> Settings:
    """Gather the settings of one run.

    Parameters
    ----------
    flags
        By field name of `Settings`: text, a number or a sequence of texts; ``None`` and empty sequences count as
        not given.
    environ
        Environment variables; blank ones count as not set.
    cwd
        Where the search for a project file begins, and what relative paths of flags and variables are relative to.
    user_folder
        Folder of ``config.toml`` and ``keys.toml``; the platform's by default.

    Raises
    ------
    ConfigurationError
        An unknown key, a wrong type, a value out of bounds, settings that contradict each other, or a file that
        cannot be read; the message names source and key.
    """
    folder = config_folder() if user_folder is None else user_folder
    project = find_project_file(cwd)
    user = read_user_file(folder / "config.toml")
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for file in (project, user):
        if file is not None:
            _refuse_unknown(file)
    sources = _Sources(flags or {}, environ, cwd, project, user)
    for spec in SPECS:
        found = sources.find(spec)
        values.update({spec.name: found[0]} if found else {})
        origins[spec.name] = found[1] if found else Origin(source="default")
    if "api_key" not in values:
        key = stored_key(values.get("base_url", DEFAULT_BASE_URL), folder)
        if key is not None:
            values["api_key"] = key
            origins["api_key"] = Origin(source="stored key", detail=str(folder / "keys.toml"))
    return _settled(values, origins)


@dataclass(frozen=True)
class _Sources:
    """Where a setting may come from, but for the stored key."""

    flags: Mapping[str, Any]
    environ: Mapping[str, str]
    cwd: Path
    project: SettingsFile | None
    user: SettingsFile | None

    def find(self, spec: Spec) -> tuple[Any, Origin] | None:
        """Find the source of a setting that goes before the others, and check what it says."""
        given = self.flags.get(spec.name)
        if given is not None and given not in ((), []):
            origin = Origin(source="flag", detail=spec.flag or f"--{spec.key}")
            return _checked(spec, given, origin.detail, self.cwd, strict=False), origin
        for name in spec.env:
            text = self.environ.get(name, "").strip()
            if text:
                listed = [part for part in text.split(",") if part.strip()] if spec.name == "models" else text
                value = _checked(spec, listed, name, self.cwd, strict=False)
                return value, Origin(source="environment", detail=name)
        files: tuple[tuple[Literal["project file", "user file"], SettingsFile | None], ...] = (
            ("project file", self.project),
            ("user file", self.user),
        )
        for source, file in files:
            if file is not None and spec.key in file.table:
                where = f"{spec.key} in {file.label}"
                value = _checked(spec, file.table[spec.key], where, file.path.parent, strict=True)
                return value, Origin(source=source, detail=file.label)
        return None


def _checked(spec: Spec, raw: Any, where: str, base: Path, *, strict: bool) -> Any:
    """Check one value; files must use the right type, flags and variables are text that is read as the type."""
    try:
        if strict:
            value = spec.adapter.validate_json(json.dumps(raw, allow_nan=True), strict=True)
        else:
            value = spec.adapter.validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        reason = one_line(first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
        raise _wrong(spec, raw, where, reason) from None
    except (TypeError, ValueError):
        raise _wrong(spec, raw, where, "it is of the wrong type") from None
    if spec.about.is_place and isinstance(value, Path):
        return _expanded(value, base, spec, where)
    return value


def _expanded(place: Path, base: Path, spec: Spec, where: str) -> Path:
    """Resolve ``~`` and what a relative path is relative to."""
    try:
        return base / place.expanduser()
    except RuntimeError:
        raise _wrong(spec, str(place), where, "there is no such home folder") from None


def _wrong(spec: Spec, raw: Any, where: str, reason: str) -> ConfigurationError:
    """Say which setting of which source is wrong; a key, or an address that may hold a password, is never repeated."""
    hidden = spec.name == "api_key" or (spec.name == "base_url" and "@" in str(raw))
    said = "" if hidden else f" cannot be {one_line(repr(raw), 60)}"
    return ConfigurationError(
        f"{where}{said or ' cannot be used'}",
        reason=f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith('.') else '.'}",
        advice=f"{spec.key}: {spec.about.help}. Every setting and its origin: `copilot config show --origin`.",
    )


def _refuse_unknown(file: SettingsFile) -> None:
    """Refuse keys that mean nothing, and keys that must not stand in a file."""
    known = {spec.key: spec for spec in SPECS}
    for key in file.table:
        if key in known and known[key].about.in_files:
            continue
        if key in known or key.replace("-", "_").lower() in {"key", "apikey", "openai_api_key", "token"}:
            raise ConfigurationError(
                f"{key} stands in {file.label}",
                reason="Files are shared and committed, and the key would go with them; it was not used.",
                advice="Take it out; set OPENAI_API_KEY, or store the key with `copilot keys set`.",
            )
        near = get_close_matches(key.replace("-", "_").lower(), known, n=1, cutoff=0.5)
        raise ConfigurationError(
            f"there is no setting named {key!r} ({file.label})",
            reason="A misspelt setting would otherwise be passed over in silence.",
            advice=f"Did you mean {near[0]!r}?" if near else f"The settings are: {', '.join(known)}.",
        )


def _settled(values: dict[str, Any], origins: dict[str, Origin]) -> Settings:
    """Check settings against each other; a default gives way to what was set."""
    settings = Settings(**values, origins=origins)
    if "votes" in values and "max_votes" not in values:
        values["max_votes"] = settings.votes + FOCUSED_VOTES
    elif settings.max_votes < settings.votes:
        if "votes" in values:
            _contradict("max_votes", settings, f"it is less than votes ({settings.votes})")
        values["votes"] = settings.max_votes
    settings = Settings(**values, origins=origins)
    if settings.quorum is not None and settings.quorum > settings.votes:
        _contradict("quorum", settings, f"it is more than votes ({settings.votes})")
    return settings


def _contradict(name: str, settings: Settings, reason: str) -> None:
    raise ConfigurationError(
        f"{name} cannot be {getattr(settings, name)} ({settings.origins[name]})",
        reason=f"{reason[:1].upper()}{reason[1:]}, from {settings.origins['votes']}.",
        advice=f"Change {name} or votes.",
    )
