from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from copilot.cli.console import Console
from copilot.cli.streams import SafeStream
from copilot.errors import UsageError

KEY = "sk-secret-0123456789"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def console(
    *, typed: str | None = None, out: io.StringIO | None = None, err: io.StringIO | None = None, **environ: str
) -> tuple[Console, io.StringIO, io.StringIO]:
    stdout, stderr = out or io.StringIO(), err or io.StringIO()
    stdin = io.StringIO() if typed is None else Terminal(typed)
    return Console(stdin, stdout, stderr, environ), stdout, stderr


HOSTILE = "[bold]x[/foo] \x1b[31m\u202e[link=http://e.vil]y"
HARMLESS = "[bold]x[/foo] [31m[link=http://e.vil]y"


def test_text_from_outside_is_shown_literally_without_controls() -> None:
    screen, out, err = console()
    screen.result(HOSTILE)
    screen.say(HOSTILE)
    screen.table(("a",), [(HOSTILE,)])
    assert out.getvalue() == f"{HARMLESS}\na\n{HARMLESS}\n"
    assert err.getvalue() == f"{HARMLESS}\n"


def test_markup_stays_inert_on_a_terminal_too() -> None:
    screen, out, err = console(out=Terminal(), err=Terminal(), TERM="xterm", COLUMNS="100")
    screen.warn(HOSTILE)
    screen.table(("a",), [(HOSTILE,)])
    assert HARMLESS in err.getvalue()
    assert HARMLESS in out.getvalue()
    assert "\x1b]8" not in out.getvalue() + err.getvalue()


class Unread(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


def test_drawing_for_nobody_neither_ends_the_run_nor_takes_its_result_along() -> None:
    screen, out, _ = console(err=Unread())
    screen.draw("a table")
    screen.result("2.15")
    assert out.getvalue() == "2.15\n"
    screen, _, _ = console(out=Unread())
    with pytest.raises(BrokenPipeError):
        screen.draw("a table", result=True)


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
        (False, {"TERM": "xterm", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_follow_terminal_and_environment(terminal: bool, environ: dict[str, str], coloured: bool) -> None:
    screen, _, err = console(err=Terminal() if terminal else io.StringIO(), **environ)
    screen.insist("no", label="error: ", style="red")
    assert ("\x1b[31m" in err.getvalue()) is coloured
    assert "no" in err.getvalue()


def test_quiet_silences_words_but_not_warnings_and_details_want_verbose() -> None:
    screen, _, err = console()
    screen.detail("a")
    screen.quiet = True
    screen.say("b")
    screen.warn("c")
    screen.verbose = True
    screen.detail("d")
    assert err.getvalue() == "warning: c\nd\n"


def test_a_key_is_blotted_out_everywhere() -> None:
    screen, out, err = console(err=Terminal(), TERM="xterm", COLUMNS="20")
    screen.secrets.add(KEY)
    screen.result(f"a {KEY} b")
    screen.emit_json({"said": KEY})
    screen.insist(f"a {KEY} b and more words that fold {KEY}")
    assert KEY not in out.getvalue() + err.getvalue().replace("\n", "")
    assert out.getvalue().startswith("a [key] b\n")


def test_json_is_one_ascii_object_in_order() -> None:
    screen, out, _ = console()
    screen.emit_json({"b": "ü\x1b", "a": None})
    assert out.getvalue().isascii()
    assert out.getvalue().endswith("}\n")
    assert list(json.loads(out.getvalue()).items()) == [("b", "ü\x1b"), ("a", None)]
    with pytest.raises(ValueError, match="not JSON compliant"):
        screen.emit_json({"a": float("nan")})


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "a → b … ≥ ü 😀"), ("ascii", "a -> b ... >= ? ?"), ("latin-1", "a -> b ... >= ü ?")],
)
def test_characters_that_the_screen_lacks_are_written_otherwise(encoding: str, shown: str) -> None:
    raw = io.BytesIO()
    stream = SafeStream(io.TextIOWrapper(raw, encoding=encoding, write_through=True), set())
    stream.write("a → b … ≥ ü 😀")
    assert raw.getvalue().decode(encoding) == shown


def test_a_lone_surrogate_does_not_stop_the_writing() -> None:
    raw = io.BytesIO()
    stream = SafeStream(io.TextIOWrapper(raw, encoding="utf-8", write_through=True), set())
    stream.write("a\ud800b")
    assert raw.getvalue() == b"a?b"


def test_placeholder_keys_blot_out_nothing() -> None:
    assert SafeStream(None, {"ollama", ""}).scrub("ollama") == "ollama"


def test_questions_go_to_the_person_or_say_what_to_do_instead() -> None:
    screen, _, err = console(typed="age \n", err=Terminal())
    assert screen.ask("Which treatment?", instead="Give --treatment.") == "age"
    assert err.getvalue() == "Which treatment? "
    with pytest.raises(UsageError, match="no answer"):
        screen.ask("Again?", instead="")
    assert err.getvalue().endswith("Again? \n")
    screen.no_input = True
    with pytest.raises(UsageError) as caught:
        screen.ask("Which treatment?", instead="Give --treatment.")
    assert caught.value.advice == "Give --treatment."


def test_closed_streams_are_no_trouble() -> None:
    screen = Console(None, None, None, {})
    screen.result("a")
    screen.say("b")
    screen.close()
    assert not screen.interactive
    with pytest.raises(UsageError, match="closed"):
        screen.read_all()


def test_a_full_disk_is_an_error_and_a_deaf_screen_is_not(tmp_path: Path) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    assert tmp_path.is_dir()
    screen = Console(None, Full(), Full(), {})
    screen.say("nobody hears this")
    with pytest.raises(UsageError) as caught:
        screen.result("a")
    assert caught.value.reason == "No space left on device."


@pytest.mark.parametrize(("columns", "width"), [("20", 20), ("1", 20), ("100000", 200), ("wide", None), ("", None)])
def test_widths_stay_within_reason(columns: str, width: int | None) -> None:
    screen, _, _ = console(COLUMNS=columns)
    assert screen.rich().width == width or width is None
    assert screen.rich().width > 0


def test_tables_align_wide_characters() -> None:
    screen, out, _ = console()
    screen.table(("name", "n"), [("変数", "1"), ("ab", "2")])
    assert out.getvalue() == "name  n\n変数  1\nab    2\n"


@pytest.mark.parametrize(
    ("reads_both", "quiet", "repeated"), [(True, False, False), (True, True, True), (False, False, True)]
)
def test_what_was_said_is_not_written_again_where_one_person_reads_both(
    reads_both: bool, quiet: bool, repeated: bool
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return reads_both

    out = Stream()
    screen = Console(None, out, Stream(), {"TERM": "dumb"})
    screen.quiet = quiet
    screen.result_as_said("No effect.")
    assert out.getvalue() == ("No effect.\n" if repeated else "")
