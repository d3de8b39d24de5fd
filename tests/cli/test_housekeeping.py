from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
KEY = "sk-secret-0123456789"


def test_init_writes_a_file_whose_every_line_may_be_uncommented(cli: Call, home: Path) -> None:
    done = cli("init")
    assert (done.code, done.out) == (0, f"{home / 'copilot.toml'}\n")
    text = (home / "copilot.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == {}
    live = re.sub(r"(?m)^# (\w+ = |\[prices)", r"\1", text)
    (home / "copilot.toml").write_text(live, encoding="utf-8")
    assert len(tomllib.loads(live)) > 15
    shown = cli("config", "show", "--json")
    assert shown.code == 0, shown.err
    assert shown.json["settings"]["votes"]["source"] == "project file"


def test_init_leaves_an_existing_file_alone(cli: Call, home: Path) -> None:
    (home / "copilot.toml").write_text("votes = 5\n")
    done = cli("init")
    assert (done.code, done.out) == (2, "")
    assert (home / "copilot.toml").read_text() == "votes = 5\n"
    forced = cli("init", "--force", "--json")
    assert forced.json == {
        "schema_version": 1,
        "command": "init",
        "run_id": None,
        "path": str(home / "copilot.toml"),
    }
    assert "votes = 5" not in (home / "copilot.toml").read_text()
    assert [path.name for path in home.iterdir() if path.name != ".git"] == ["copilot.toml"]


def test_config_show_names_every_origin_and_never_the_key(cli: Call, home: Path) -> None:
    (home / "copilot.toml").write_text('model = ["a", "b"]\n')
    done = cli("config", "show", "--origin", "--votes", "3", environ={"OPENAI_API_KEY": KEY, "COPILOT_SEED": "4"})
    assert done.code == 0, done.err
    rows = [re.split("  +", line) for line in done.out.splitlines()]
    assert ["votes", "3", "flag --votes"] in rows
    assert ["seed", "4", "environment COPILOT_SEED"] in rows
    assert ["api_key", "set", "environment OPENAI_API_KEY"] in rows
    assert ["model", "a, b", f"project file {home / 'copilot.toml'}"] in rows
    assert "0123456789"[-4:] not in done.out + done.err


def test_keys_are_stored_for_one_address_and_used_for_no_other(cli: Call, tmp_path: Path) -> None:
    done = cli("keys", "set", "--stdin", piped=f"{KEY}\n")
    path = tmp_path / "config" / "causal-copilot" / "keys.toml"
    assert done.code == 0
    assert KEY not in done.out + done.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    here = cli("config", "show", "--json").json["settings"]["api_key"]
    assert here == {"value": "set", "source": "stored key", "origin": str(path)}
    elsewhere = cli("config", "show", "--json", "--base-url", "https://other.example/v1").json
    assert elsewhere["settings"]["api_key"]["value"] is None


@pytest.mark.parametrize("bad", ["", "two words", "two\nlines", "schlüssel-123", "a\x07bcdefgh"])
def test_bad_keys_are_refused_and_not_repeated(cli: Call, tmp_path: Path, bad: str) -> None:
    done = cli("keys", "set", "--stdin", piped=bad)
    assert done.code == 2
    assert not bad or bad not in done.err
    assert not (tmp_path / "config" / "causal-copilot" / "keys.toml").exists()


def test_keys_set_without_a_terminal_says_what_to_do(cli: Call) -> None:
    done = cli("keys", "set")
    assert done.code == 2
    assert "--stdin" in done.err


def test_keys_set_says_that_the_environment_goes_first(cli: Call) -> None:
    done = cli("keys", "set", "--stdin", piped=KEY, environ={"OPENAI_API_KEY": "sk-another-0123"})
    assert "OPENAI_API_KEY is set and goes before" in done.err


def test_prompts_are_listed_shown_and_ejected(cli: Call, home: Path) -> None:
    listed = cli("prompts", "show", "--json").json["prompts"]
    assert {"id", "version", "path"} == set(listed[0])
    some = listed[0]["id"]
    text = Path(listed[0]["path"]).read_text(encoding="utf-8")
    assert cli("prompts", "show", some).out == text.rstrip("\n") + "\n"
    assert cli("prompts", "show", some, "--json").json["prompts"][0]["text"] == text
    ejected = cli("prompts", "eject", "mine", "--json").json
    assert len(ejected["written"]) == len(listed)
    again = cli("prompts", "eject", "mine")
    assert (again.code, again.out) == (2, "")
    assert cli("prompts", "eject", "mine", "--force").code == 0
    own = cli("prompts", "show", "--json", "--prompts-dir", "mine").json["prompts"][0]["path"]
    assert Path(own) == home / "mine" / Path(own).name


def test_an_unknown_prompt_is_a_usage_error(cli: Call) -> None:
    assert cli("prompts", "show", "../../etc/passwd").code == 2
    assert cli("prompts", "show", "nope").code == 2


def test_eject_into_a_file_is_a_usage_error(cli: Call, home: Path) -> None:
    (home / "file").write_text("")
    assert cli("prompts", "eject", "file").code == 2


def test_explain_tells_a_term_offline_and_lists_them_all(cli: Call) -> None:
    done = cli("explain", "collider")
    assert done.code == 0
    assert done.out.startswith("A collider on a path is a variable into which both neighbours point.")
    assert max(map(len, done.out.splitlines())) <= 88
    assert "Berkson" in done.err
    listed = cli("explain")
    assert all(name in listed.out for name in ("confounder", "positivity", "E-value", "placebo_treatment"))
    (found,) = cli("explain", "implied", "independence", "--json").json["terms"]
    assert found["name"] == "conditional independence"
    assert "missing_edge" in found["told_by"]
    wrong = cli("explain", "colider")
    assert (wrong.code, wrong.out) == (2, "")
    assert "collider" in wrong.err
