"""``copilot doctor``: what works here, and what to do about what does not."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot import __version__
from copilot.cli.options import MODEL_SETTINGS
from copilot.cli.shell import Shell
from copilot.errors import CopilotError

if TYPE_CHECKING:
    from copilot.composition.settings import Settings

NAME = "doctor"
SUMMARY = "Check the installation, the settings and whether the model answers."
SETTINGS = MODEL_SETTINGS

_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Parameters
    ----------
    name
        A stable word.
    status
        ``"ok"``, ``"warning"``, ``"failed"`` or ``"skipped"``.
    message
        What was found.
    advice
        What to do about it; empty if nothing.
    exit_code
        What the command gives if this is the first check that failed.
    """

    name: str
    status: str
    message: str
    advice: str = ""
    exit_code: int = 0


def run(
    shell: Shell,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Send nothing; do not ask the model.")] = False,
) -> int:
    """Check the installation, the settings and the folders, and send each configured model one tiny request.

    Examples
    --------
      $ copilot doctor
      $ copilot doctor --offline --json
    """
    checks = list(_checks(shell, offline=offline))
    code = next((check.exit_code for check in checks if check.status == "failed"), 0)
    if shell.json:
        shell.emit({"ok": code == 0, "exit_code": code, "checks": [asdict(check) for check in checks]})
        return code
    shell.console.table(("status", "check", "found"), [(check.status, check.name, check.message) for check in checks])
    for check in checks:
        if check.advice:
            shell.console.insist(f"{check.name}: {check.advice}", label="next: ", style="bold")
    return code


def _checks(shell: Shell, *, offline: bool) -> Iterator[Check]:
    yield _python()
    yield _packages()
    yield from _misspelt(shell.environ)
    try:
        settings = shell.settings()
    except CopilotError as error:
        yield _failed("settings", error)
        yield Check("model", "skipped", "the settings cannot be read")
        return
    yield Check("settings", "ok", _sources(settings))
    yield from _loose_keys()
    yield _folder(
        "cache", None if settings.cache is None else settings.cache.parent, "Set cache to another file, or to off."
    )
    yield _folder("run folder", shell.run_dir or shell.cwd / ".copilot" / "runs", "Name another folder with --run-dir.")
    yield from _models(shell, settings, offline=offline)


def _python() -> Check:
    import platform

    where = f"copilot {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return Check("python", "ok", f"{where}, {sys.executable}")


def _packages() -> Check:
    from copilot.composition.run import package_versions

    versions = package_versions()
    missing = [name for name, number in versions.items() if not number]
    if missing:
        advice = "Install the package anew: `pip install --force-reinstall causal-copilot`."
        return Check("packages", "failed", f"not installed: {', '.join(missing)}", advice, 2)
    return Check("packages", "ok", ", ".join(f"{name} {number}" for name, number in versions.items()))


def _misspelt(environ: Mapping[str, str]) -> Iterator[Check]:
    """Look for variables that nothing reads and that look like one of ours; others' COPILOT_ variables are left be."""
    from copilot.composition.settings import SPECS

    known = {name for spec in SPECS for name in spec.env}
    for name in sorted(environ):
        if name.startswith("COPILOT_") and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                yield Check("environment", "warning", f"{name} is read by nothing", f"Did you mean {near[0]}?")


def _sources(settings: Settings) -> str:
    """Name the places that settings came from."""
    origins = {str(origin) for origin in settings.origins.values() if origin.source != "default"}
    return f"from {', '.join(sorted(origins))}" if origins else "all at their defaults"


def _loose_keys() -> Iterator[Check]:
    """Warn of stored keys that others on this machine can read."""
    from copilot.composition.keys import KEYS_FILE
    from copilot.composition.places import config_folder

    path = config_folder() / KEYS_FILE
    if os.name == "posix" and path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Check("stored keys", "warning", f"{path} can be read by others", f"Run `chmod 600 {path}`.")


def _folder(name: str, folder: Path | None, advice: str) -> Check:
    """Tell whether files could be written to a folder that need not exist yet."""
    if folder is None:
        return Check(name, "ok", "off")
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check(name, "ok", str(folder))
    problem = "is not writable" if there.is_dir() else "is not a folder"
    return Check(name, "failed", f"{folder}: {there} {problem}", advice, 2)


def _models(shell: Shell, settings: Settings, *, offline: bool) -> Iterator[Check]:
    """Describe whom we would ask, and ask them."""
    if settings.why_no_model:
        advice = "Set OPENAI_API_KEY and COPILOT_MODEL to let a model vote beside the data."
        yield Check("model", "warning", f"none will be asked, the data vote: {settings.why_no_model}", advice)
        return
    try:
        settings.request_key()
    except CopilotError as error:
        yield _failed("model", error)
        return
    key = f"key from {settings.origins['api_key']}" if settings.api_key else "no key, which a near host does not want"
    yield Check("model", "ok", f"{', '.join(settings.models)} at {settings.base_url}, {key}")
    if offline:
        yield Check("answer", "skipped", "--offline")
        return
    progress = shell.console.progress()
    for model in settings.models:
        progress.start(f"asking {model}", None)
        yield _asked(settings, model)
        progress.done()


def _asked(settings: Settings, model: str) -> Check:
    """Send one tiny request."""
    import asyncio

    from numpy.random import default_rng
    from pydantic import SecretStr

    from copilot.llm.openai_backend import CapabilityMemory, Endpoint, OpenAICompleter, Ping, RateGate, RetryPolicy

    async def ping() -> Ping:
        endpoint = Endpoint(base_url=settings.base_url, api_key=SecretStr(settings.request_key()))
        completer = OpenAICompleter(
            endpoint,
            gate=RateGate(),
            memory=CapabilityMemory(),
            policy=RetryPolicy(retries=1),
            rng=default_rng(settings.seed),
            deadline_s=min(settings.deadline_s, _PATIENCE_S),
        )
        try:
            return await completer.ping(model)
        finally:
            await completer.aclose()

    try:
        answer = asyncio.run(ping())
    except CopilotError as error:
        return _failed("answer", error)
    return Check("answer", "ok", f"{model} answers in {answer.latency_s:.1f} s, asked by {answer.rung}")


def _failed(name: str, error: CopilotError) -> Check:
    """Turn an error into a failed check."""
    return Check(name, "failed", f"{error.message}. {error.reason}".strip(), error.advice, error.exit_code)
