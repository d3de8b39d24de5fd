"""The one way to a person and to standard output.

Results go to standard output, everything said to a person goes to standard error. All text from outside passes
`copilot.domain.text.clean` here, and none of it is ever read as Rich markup.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from copilot.cli.progress import TerminalProgress
from copilot.cli.streams import SafeStream
from copilot.domain.text import clean
from copilot.errors import UsageError
from copilot.workflow.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.console import RenderableType


class Console:
    """Streams, colours and questions of one run.

    Parameters
    ----------
    stdin, stdout, stderr
        The standard streams; ``None`` where one is closed.
    environ
        Decides on colours and width.
    """

    def __init__(
        self, stdin: TextIO | None, stdout: TextIO | None, stderr: TextIO | None, environ: Mapping[str, str]
    ) -> None:
        self.environ = environ
        self.secrets: set[str] = set()
        self.quiet = self.verbose = self.no_input = False
        self.arguments: tuple[str, ...] = ()
        """The command line that is being run, for the manifest."""
        self.emitted = False
        """Whether the one JSON object stands on standard output."""
        self._stdin = stdin
        self._out = SafeStream(stdout, self.secrets)
        self._err = SafeStream(stderr, self.secrets)
        self._rich: dict[str, RichConsole] = {}
        self._progress: Progress | None = None

    @classmethod
    def of_process(cls) -> Console:
        """Take the streams and the environment of this process."""
        return cls(sys.stdin, sys.stdout, sys.stderr, os.environ)

    # --- results, on standard output

    def result(self, text: str) -> None:
        """Write a line of the result."""
        self._write_out(clean(text) + "\n")

    def result_as_said(self, text: str) -> None:
        """Write a result that was said word for word on standard error, unless one person has just read it there."""
        if self.quiet or not (self._out.isatty() and self._err.isatty()):
            self.result(text)

    def emit_json(self, data: Mapping[str, Any]) -> None:
        """Write the one JSON object: keys in order, ASCII only, no NaN."""
        self.emitted = True
        self._write_out(json.dumps(data, ensure_ascii=True, allow_nan=False, indent=2) + "\n")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write rows as a result: folded to the screen on a terminal, one line each anywhere else."""
        from rich.cells import cell_len
        from rich.table import Table
        from rich.text import Text

        lines = [[" ".join(clean(cell).split()) for cell in row] for row in rows]
        if self._out.isatty():
            grid = Table(box=None, pad_edge=False, header_style="bold")
            for title in head:
                grid.add_column(title, overflow="fold")
            for line in lines:
                grid.add_row(*map(Text, line))
            self.draw(grid, result=True)
            return
        everything = [list(head), *lines]
        widths = [max(cell_len(line[column]) for line in everything) for column in range(len(head))]
        for line in everything:
            padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
            self.result("  ".join(padded).rstrip())

    # --- words for a person, on standard error

    def say(self, text: str, *, label: str = "", style: str = "") -> None:
        """Say something, unless ``-q``."""
        if not self.quiet:
            self.insist(text, label=label, style=style)

    def detail(self, text: str) -> None:
        """Say something that only ``-v`` wants to know."""
        if self.verbose:
            self.insist(text, style="dim")

    def warn(self, text: str) -> None:
        """Say what may change the conclusion; ``-q`` does not silence it."""
        self.insist(text, label="warning: ", style="bold yellow")

    def insist(self, text: str, *, label: str = "", style: str = "") -> None:
        """Say something whatever the flags; `style` goes to the label if there is one, else to the text."""
        said = self._err.scrub(clean(text))
        if not self._coloured():
            self._write_err(f"{label}{said}\n")
            return
        from rich.text import Text

        line = Text.assemble((label, style), said) if label else Text(said, style=style)
        self.draw(line, soft_wrap=True)  # the terminal folds it, so that a path can still be copied whole

    def draw(self, thing: RenderableType, *, result: bool = False, soft_wrap: bool = False) -> None:
        """Draw what Rich can draw; text from outside in it must be cleaned `Text`, never markup."""
        if result:
            self.rich(result=True).print(thing)
            return
        try:
            self.rich().print(thing, soft_wrap=soft_wrap)
        except OSError:
            return  # nobody is left to be told

    def rich(self, *, result: bool = False) -> RichConsole:
        """Give the Rich console of standard error, or of standard output."""
        name = "out" if result else "err"
        if name not in self._rich:
            from copilot.cli.drawing import Drawing

            self._rich[name] = Drawing(
                file=cast("IO[str]", self._out if result else self._err),
                markup=False,
                emoji=False,
                highlight=False,
                width=_width(self.environ),
                _environ=self.environ,
            )
        return self._rich[name]

    def progress(self) -> Progress:
        """Give the bar: a real one if a person watches standard error."""
        if self._progress is None:
            watched = self._err.isatty() and self.environ.get("TERM") != "dumb" and not self.quiet
            self._progress = TerminalProgress(self.rich) if watched else Silent()
        return self._progress

    # --- questions

    @property
    def interactive(self) -> bool:
        """Whether there is a person to ask."""
        asked = self._stdin is not None and not self._stdin.closed and self._stdin.isatty()
        return asked and self._err.isatty() and not self.no_input

    def ask(self, question: str, *, instead: str) -> str:
        """Ask for one line.

        Parameters
        ----------
        question
            Ends without a blank.
        instead
            What to do where nobody can be asked, e.g. ``"Give it with --treatment."``

        Raises
        ------
        UsageError
            If there is nobody to ask, or the input ends.
        """
        stdin = self._person(question, instead)
        self._write_err(f"{clean(question)} ", flush=True)
        return self._answered(stdin.readline, question, instead).strip()

    def key(self, question: str, *, instead: str) -> str:
        """Ask for one key, without a line end; see `ask`."""
        import typer

        self._person(question, instead)
        self._write_err(f"{clean(question)} ", flush=True)
        pressed = self._answered(typer.getchar, question, instead)
        self._write_err(f"{clean(pressed)}\n", flush=True)
        return pressed

    def ask_hidden(self, question: str, *, instead: str) -> str:
        """Ask for a secret, which is not shown while it is typed; see `ask`."""
        from getpass import getpass

        self._person(question, instead)
        return self._answered(lambda: getpass(f"{clean(question)} ", stream=sys.stderr), question, instead)

    def _person(self, question: str, instead: str) -> TextIO:
        if not self.interactive or self._stdin is None:
            raise UsageError(
                f"cannot ask: {question}",
                reason="There is no terminal to ask on, or --no-input was given.",
                advice=instead,
            )
        return self._stdin

    def _answered(self, read: Callable[[], str], question: str, instead: str) -> str:
        """Read an answer; whatever is said next begins on a line of its own."""
        try:
            line = read()
        except KeyboardInterrupt:
            self._write_err("\n")
            raise
        except (EOFError, UnicodeDecodeError):
            line = ""
        if not line:
            self._write_err("\n")
            raise UsageError(f"no answer to: {question}", reason="The input has ended.", advice=instead)
        return line

    def read_all(self) -> str:
        """Read standard input to its end."""
        if self._stdin is None or self._stdin.closed:
            raise UsageError("standard input is closed", advice="Pipe the text in, e.g. `printf %s TEXT | copilot …`.")
        try:
            return self._stdin.read()
        except UnicodeDecodeError as error:
            raise UsageError("standard input is not text", reason=f"{error}.") from error

    # --- the end

    def close(self) -> None:
        """Take a bar off the screen and flush; raise if the result could not be written."""
        if self._progress is not None:
            self._progress.done()
        self._write_out("", flush=True)
        self._write_err("", flush=True)

    def abandon_output(self) -> None:
        """Point standard output nowhere, so that the interpreter does not stumble over it again on its way out."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)
        except (OSError, ValueError, io.UnsupportedOperation):
            return

    def _coloured(self) -> bool:
        return self._err.isatty() or bool(self.environ.get("FORCE_COLOR"))

    def _write_out(self, text: str, *, flush: bool = False) -> None:
        try:
            self._out.write(text)
            if flush:
                self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.abandon_output()
            raise UsageError(
                "cannot write to standard output", reason=f"{error.strerror or error}.", advice="Send it elsewhere."
            ) from error

    def _write_err(self, text: str, *, flush: bool = False) -> None:
        try:
            self._err.write(text)
            if flush:
                self._err.flush()
        except OSError:
            return  # nobody is left to be told


def _width(environ: Mapping[str, str]) -> int | None:
    """Take a width from COLUMNS, within reason; ``None`` leaves it to the terminal."""
    columns = environ.get("COLUMNS", "")
    return min(max(int(columns), 20), 200) if columns.isascii() and columns.isdigit() else None
