"""Run folders: ids, suffixes, logs that survive, finding a run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot.data.atomic import write_atomic
from copilot.data.runs import CallLog, RunFolder, find_run, gather_calls, list_runs, run_id_of
from copilot.errors import InputDataError, UsageError

RUN = "0123456789ab"


def test_the_id_depends_on_what_is_computed_and_on_nothing_else() -> None:
    assert run_id_of({"a": 1, "b": [2]}) == run_id_of({"b": [2], "a": 1})
    assert run_id_of({"a": 1}) != run_id_of({"a": 2})


def test_a_repeated_run_gets_a_suffix(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        folder = RunFolder.make(RUN, home=tmp_path)
        folder.write_json("manifest.json", {})
        names.append(folder.path.name)
    assert names == [RUN, f"{RUN}-2", f"{RUN}-3"]
    assert {path.name for path in list_runs(tmp_path)} == set(names)


def test_a_chosen_folder_is_used_as_it_is(tmp_path: Path) -> None:
    assert RunFolder.make(RUN, tmp_path / "mine" / "here").path == tmp_path / "mine" / "here"


def test_a_chosen_folder_whose_run_came_to_nothing_is_used_again(tmp_path: Path) -> None:
    failed = RunFolder.make("a" * 12, chosen=tmp_path / "mine")
    failed.write_json("manifest.json", {"run_id": "a" * 12, "status": "stopped"})
    failed.write_json("analysis.json", {})
    again = RunFolder.make("b" * 12, chosen=tmp_path / "mine")
    assert [path.name for path in again.path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(("status", "more"), [("stopped", "calls.jsonl"), ("stopped", "graph.dot"), ("complete", "")])
def test_a_chosen_folder_with_anything_that_would_be_lost_is_refused(tmp_path: Path, status: str, more: str) -> None:
    earlier = RunFolder.make("a" * 12, chosen=tmp_path / "mine")
    earlier.write_json("manifest.json", {"run_id": "a" * 12, "status": status})
    if more:
        earlier.write_text(more, "kept")
    with pytest.raises(UsageError, match="holds another run"):
        RunFolder.make("b" * 12, chosen=tmp_path / "mine")


def test_a_run_is_found_by_id_beginning_or_folder(tmp_path: Path) -> None:
    folder = RunFolder.make(RUN, home=tmp_path)
    folder.write_json("manifest.json", {"run_id": RUN})
    for name in (RUN, RUN[:4], str(folder.path)):
        assert find_run(name, tmp_path).path == folder.path
    for name in ("ffff", ""):
        with pytest.raises(InputDataError, match="no run"):
            find_run(name, tmp_path)


def test_an_ambiguous_beginning_is_refused(tmp_path: Path) -> None:
    for run in ("aa0000000000", "aa1111111111"):
        RunFolder.make(run, home=tmp_path).write_json("manifest.json", {})
    with pytest.raises(InputDataError, match="more than one"):
        find_run("aa", tmp_path)


def call(key: str, outcome: str = "valid", text: str = "") -> str:
    return json.dumps({"key": key, "outcome": outcome, "text": text})


def test_calls_end_in_a_stable_order_with_one_line_each(tmp_path: Path) -> None:
    log = CallLog(RunFolder(tmp_path))
    for line in (call("b"), call("a", "fault"), call("a"), call("b", "fault")):
        log.add(line)
    log.close()
    assert (tmp_path / "calls.jsonl").read_text() == f"{call('a')}\n{call('b')}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["calls.jsonl"]


def test_calls_of_killed_runs_are_gathered_and_the_log_only_grows(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    log = CallLog(folder)
    log.add(call("a"))
    assert (tmp_path / "calls.jsonl.part").read_text() == f"{call('a')}\n"
    log._stream.close()  # as a killed process leaves it
    with (tmp_path / "calls.jsonl.part").open("a") as cut:
        cut.write('{"key": "b", "outc')
    gathered = gather_calls(tmp_path)
    assert gathered == tmp_path / "calls.jsonl"
    again = CallLog(folder, gathered.read_text().splitlines())
    again.add(call("c"))
    assert gather_calls(tmp_path) == gathered
    assert gathered.read_text() == f"{call('a')}\n{call('c')}\n"
    again.close()
    assert gathered.read_text() == f"{call('a')}\n{call('c')}\n"


def test_a_run_without_answers_has_none(tmp_path: Path) -> None:
    assert gather_calls(tmp_path) is None


def test_a_broken_or_missing_file_names_the_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(InputDataError, match=r"no votes\.json"):
        folder.read_json("votes.json")
    (tmp_path / "votes.json").write_text("{")
    with pytest.raises(InputDataError, match="cannot be read"):
        folder.read_json("votes.json")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    place = tmp_path / "graph.dot"
    place.write_text("old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        write_atomic(tmp_path / "folder", "new")
    with pytest.raises(UsageError, match="cannot write"):
        write_atomic(tmp_path / "none" / "graph.dot", "new")
    assert place.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "graph.dot"]


def test_a_run_folder_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="run folder"):
        RunFolder(tmp_path / "file" / "run")
