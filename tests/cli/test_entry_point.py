"""The program as a person starts it: a process, its exit code and every word it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import copilot

HEAVY = ("pandas", "numpy", "openai", "networkx", "dowhy", "pydantic", "scipy", "rich", "platformdirs", "asyncio")


def start(
    *arguments: str, home: Path, python: tuple[str, ...] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    places = {f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "CACHE")}
    return subprocess.run(
        [sys.executable, *python, "-m", "copilot", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**kept, **places, **environ},
        cwd=home,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


def test_root_help_imports_nothing_heavy_and_lists_every_command(tmp_path: Path) -> None:
    done = start("--help", home=tmp_path, python=("-X", "importtime"))
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "typer" in imported
    assert not imported & set(HEAVY)
    assert done.stdout.startswith("Usage: copilot [OPTIONS] COMMAND [ARGS]...\n")


def test_version(tmp_path: Path) -> None:
    done = start("--version", home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"copilot {copilot.__version__}\n", "")


def test_nothing_asked_for_shows_the_help_and_fails(tmp_path: Path) -> None:
    done = start(home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: copilot [OPTIONS] COMMAND [ARGS]...\n")


def test_a_misspelt_command_names_the_nearest(tmp_path: Path) -> None:
    done = start("doctr", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: there is no command copilot doctr\n"
        "next: Did you mean copilot doctor? `copilot --help` lists all commands.\n"
    )


def test_a_misspelt_option_names_the_nearest_also_in_json(tmp_path: Path) -> None:
    done = start("init", "--jsn", "--json", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "error: there is no option --jsn\nnext: Did you mean --json? `copilot init --help` lists all options.\n"
    )
    assert json.loads(done.stdout) == {
        "schema_version": 1,
        "command": "init",
        "run_id": None,
        "error": {
            "type": "UsageError",
            "message": "there is no option --jsn",
            "reason": "",
            "advice": "Did you mean --json? `copilot init --help` lists all options.",
            "exit_code": 2,
        },
    }


def test_a_wrong_setting_names_source_and_key(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "copilot.toml").write_text("vote = 5\n")
    done = start("config", "show", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: there is no setting named 'vote' ({tmp_path / 'copilot.toml'})\n"
        "why: A misspelt setting would otherwise be passed over in silence.\n"
        "next: Did you mean 'votes'?\n"
    )


@pytest.mark.parametrize(
    "environ", [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "PYTHONUTF8": "0"}, {"COLUMNS": "20"}, {"COLUMNS": "0"}]
)
def test_odd_surroundings_change_no_exit_code(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "copilot.toml").write_text('model = "größe-→"\n', encoding="utf-8")
    done = start("config", "show", home=tmp_path, **environ)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "votes" in done.stdout


def test_optimised_python_says_the_same(tmp_path: Path) -> None:
    plain = start("config", "show", "--json", home=tmp_path)
    bare = start("config", "show", "--json", home=tmp_path, python=("-OO", "-W", "error"))
    assert (bare.returncode, bare.stdout) == (0, plain.stdout)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_with_one_line(tmp_path: Path, number: signal.Signals, code: int) -> None:
    ready = tmp_path / "ready"
    script = (
        "import pathlib, sys, time\n"
        "from copilot.cli import app\n"
        "from copilot.cli.command import Command\n"
        "def wait(shell, **_):\n"
        f"    pathlib.Path({str(ready)!r}).touch()\n"
        "    time.sleep(30)\n"
        "import dataclasses\n"
        "entry = Command('init', 'Wait.', lambda shell: wait(shell))\n"
        "app.ROOT = dataclasses.replace(app.ROOT, commands=(entry,))\n"
        "sys.argv = ['copilot', 'init', '-v']\n"
        "app.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    while not ready.exists():
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, "")
    assert err == ("interrupted\n" if number is signal.SIGINT else "stopped by SIGTERM\n")


INTERRUPTED = (
    "import dataclasses, os, sys, time\n"
    "from copilot.cli import app\n"
    "from copilot.cli.command import Command\n"
    "{0}"
    "app.ROOT = dataclasses.replace(app.ROOT, commands=(Command('init', 'Wait.', wait),))\n"
    "sys.argv = ['copilot', 'init']\n"
    "app.main()\n"
)


def test_an_interruption_of_code_made_from_text_has_its_exit_code_too(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text(
        INTERRUPTED.format("def wait(shell):\n    exec('os.kill(os.getpid(), 2); time.sleep(30)')\n")
    )
    done = subprocess.run([sys.executable, "-m", "waiting"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_callback_of_the_interpreter_is_not_lost(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    script = INTERRUPTED.format(
        "class Last:\n"
        "    def __del__(self):\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "def wait(shell):\n"
        "    Last()\n"
        "    time.sleep(30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=20, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == ("interrupted\n" if number is signal.SIGINT else "stopped by SIGTERM\n")


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        ("| true", 141, ""),
        ("> /dev/full", 2, "cannot write to standard output"),
        (">&-", 0, ""),
        ("<&-", 0, ""),
        ("2>&-", 0, ""),
    ],
)
def test_broken_streams_are_quiet_or_named(tmp_path: Path, redirection: str, code: int, said: str) -> None:
    command = f"{sys.executable} -c 'import time, sys; from copilot.cli.app import main; time.sleep(.2); main()' init"
    inner = f"({command} --json --force -q; echo $? > code) {redirection}"
    script = inner if redirection == "| true" else f"{command} --json --force -q {redirection}; echo $? > code"
    done = subprocess.run(  # noqa: S602 (redirections are what is tested)
        script, shell=True, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert int((tmp_path / "code").read_text()) == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert said in done.stderr
