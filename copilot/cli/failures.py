"""Every way a run can end badly, with its exit code, its words and its JSON object; a traceback only with ``-v``."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import typer

from copilot import SCHEMA_VERSION
from copilot.cli.console import Console
from copilot.cli.lazy import NoCommandError
from copilot.errors import CopilotError, InterruptedRunError, UsageError

BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports of a program that wrote to a pipe nobody reads."""
_SYSTEM_REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})
"""A full, broken or read-only disk and a spent ration of descriptors are not our bugs, wherever they show."""


class StoppedError(BaseException):
    """A signal asked the process to end; not an `Exception`, so that nothing on the way catches it by accident."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(name)
        self.name = name
        self.number = number
        self.exit_code = 128 + number


def guard(console: Console, arguments: Sequence[str], command: str, work: Callable[[], int]) -> int:
    """Run `work` and turn whatever it raises into words and an exit code.

    Parameters
    ----------
    console
        Where the words go.
    arguments
        Of the command line; say whether JSON and tracebacks are wanted even where parsing failed.
    command
        For the JSON object.
    work
        Gives the exit code.
    """
    try:
        try:
            code = work()
        finally:
            console.close()
    except BrokenPipeError:
        console.abandon_output()
        return BROKEN_PIPE
    except (KeyboardInterrupt, StoppedError, typer.Abort, Exception) as error:  # noqa: BLE001 (whatever it is, a person gets words)
        failure, code = _understood(error)
        if not isinstance(failure, InterruptedRunError) and ("-v" in arguments or "--verbose" in arguments):
            console.insist("".join(traceback.format_exception(error)).rstrip(), style="dim")
        try:
            _report(console, failure, code, command, as_json="--json" in arguments)
        except (BrokenPipeError, CopilotError):
            console.abandon_output()
    return code


def _understood(error: BaseException) -> tuple[CopilotError, int]:
    """Name what happened, and its exit code."""
    if isinstance(error, BaseExceptionGroup):
        return _understood(_first_leaf(error))
    if not isinstance(error, CopilotError | typer.TyperException):
        error = _stop_behind(error) or error
    failure = _named(error)
    if isinstance(error, StoppedError | typer.TyperException):
        return failure, error.exit_code
    return failure, failure.exit_code


def _stop_behind(error: BaseException) -> BaseException | None:
    """Find the interruption of which an error came: whatever it cut short may have failed in its own way."""
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        if isinstance(following, KeyboardInterrupt | StoppedError):
            return following
        seen.append(following)
        following = following.__cause__ or following.__context__
    return None


def _named(error: BaseException) -> CopilotError:
    """Put an error that is not ours into our words."""
    if isinstance(error, CopilotError) and type(error) is not CopilotError:
        return error
    if isinstance(error, KeyboardInterrupt | typer.Abort | StoppedError):
        said = f"stopped by {error.name}" if isinstance(error, StoppedError) else "interrupted"
        return InterruptedRunError(said, advice=" ".join(getattr(error, "__notes__", ())))
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, OSError) and error.errno in _SYSTEM_REFUSALS:
        place = f" ({error.filename})" if error.filename else ""
        return UsageError(f"the system refused: {error.strerror}{place}", advice="Make room, or write elsewhere.")
    said = error.message if isinstance(error, CopilotError) else f"{type(error).__name__}: {error}"
    return CopilotError(
        f"this is our bug: {said}",
        reason="Nothing you typed should end like this.",
        advice="Run it again with -v, and report what it prints.",
    )


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Find the one error of a group to tell of: ours before others."""
    leaves: list[BaseException] = []
    stack: list[BaseException] = [group]
    while stack:
        error = stack.pop()
        if isinstance(error, BaseExceptionGroup):
            stack.extend(reversed(error.exceptions))
        else:
            leaves.append(error)
    return next((leaf for leaf in leaves if isinstance(leaf, CopilotError)), leaves[0])


def _usage(error: typer.TyperException) -> UsageError:
    """Put an error of the command-line parser into our words."""
    ctx = getattr(error, "ctx", None)
    screen = f"`{ctx.command_path} --help` lists all options." if ctx is not None else ""
    option = getattr(error, "option_name", "")
    if option and hasattr(error, "possibilities"):
        near = get_close_matches(option, error.possibilities or (), n=1)
        offer = f"Did you mean {near[0]}? " if near else ""
        return UsageError(f"there is no option {option}", advice=offer + screen)
    return UsageError(" ".join(error.format_message().split()).rstrip("."), advice=screen)


def error_json(failure: CopilotError, code: int) -> dict[str, str | int]:
    """Build what the key `error` of a JSON object holds."""
    return {
        "type": type(failure).__name__,
        "message": failure.message,
        "reason": failure.reason,
        "advice": failure.advice,
        "exit_code": code,
    }


def _report(console: Console, failure: CopilotError, code: int, command: str, *, as_json: bool) -> None:
    """Say what failed, why and what to do next; with ``--json`` also as one object, unless one is out already."""
    if isinstance(failure, NoCommandError):
        console.insist(failure.help_text)
    elif isinstance(failure, InterruptedRunError):
        console.insist(failure.message)
        if failure.advice:
            console.insist(failure.advice)
    else:
        for label, text in (("error: ", failure.message), ("why: ", failure.reason), ("next: ", failure.advice)):
            if text:
                console.insist(" ".join(text.split()), label=label, style="bold red" if label == "error: " else "bold")
    if as_json and not console.emitted:
        head = {"schema_version": SCHEMA_VERSION, "command": command, "run_id": failure.run_id}
        console.emit_json({**head, "error": error_json(failure, code)})
        console.close()
