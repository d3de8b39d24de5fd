from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from copilot.llm.cache import AnswerCache, cache_key
from copilot.llm.completer import Completion, TokenUsage

KEY = cache_key("https://host/v1", "0" * 64)
ANSWER = Completion(text='{"a": "ä"}', model="m", usage=TokenUsage(prompt_tokens=1), attempts=3)
KEPT = ANSWER.model_copy(update={"served_by": "cache", "attempts": 0})


@pytest.fixture
def warnings() -> list[str]:
    return []


def test_answers_are_kept_for_their_owner_alone(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "new" / "answers.sqlite3"
    cache = AnswerCache(path, warnings.append)
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER)
    assert cache.get(KEY) == KEPT
    cache.close()
    assert AnswerCache(path, warnings.append).get(KEY) == KEPT
    assert path.stat().st_mode & 0o777 == 0o600
    assert warnings == []


def test_the_address_belongs_to_the_key() -> None:
    assert cache_key("https://a/v1", "k") != cache_key("https://b/v1", "k")
    assert cache_key("https://a/v1/", "k") == cache_key("https://a/v1", "k")


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_corrupt_file_is_set_aside(tmp_path: Path, warnings: list[str], content: bytes) -> None:
    path = tmp_path / "answers.sqlite3"
    path.write_bytes(content)
    (tmp_path / "answers.sqlite3.corrupt-1").write_bytes(b"an earlier one")
    cache = AnswerCache(path, warnings.append)
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER)
    assert cache.get(KEY) == KEPT
    assert (tmp_path / "answers.sqlite3.corrupt-2").read_bytes() == content
    assert len(warnings) == 1
    assert "corrupt-2" in warnings[0]


def test_another_programs_database_is_left_whole(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "answers.sqlite3"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.execute("INSERT INTO theirs VALUES (42)")
    other.close()
    cache = AnswerCache(path, warnings.append)
    cache.put(KEY, ANSWER)
    assert cache.get(KEY) == KEPT
    with sqlite3.connect(tmp_path / "answers.sqlite3.corrupt-1") as kept:
        assert kept.execute("SELECT x FROM theirs").fetchone() == (42,)
    kept.close()
    cache.close()
    assert len(warnings) == 1


def test_an_older_layout_is_set_aside(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "answers.sqlite3"
    cache = AnswerCache(path, warnings.append)
    cache.put(KEY, ANSWER)
    cache.close()
    with sqlite3.connect(path) as older:
        older.execute("PRAGMA user_version = 0")
    older.close()
    assert AnswerCache(path, warnings.append).get(KEY) is None
    assert len(warnings) == 1


@pytest.mark.parametrize("completion", ["{}", "[]", "", '{"text": 3}', ANSWER.model_dump_json()])
def test_entries_that_do_not_hold_together_are_ignored(tmp_path: Path, warnings: list[str], completion: str) -> None:
    path = tmp_path / "answers.sqlite3"
    cache = AnswerCache(path, warnings.append)
    cache.put(KEY, ANSWER)
    cache.close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE answers SET completion = ?, digest = 'x'", (completion,))
    other.close()
    again = AnswerCache(path, warnings.append)
    assert again.get(KEY) is None
    again.put(KEY, ANSWER)
    assert again.get(KEY) == KEPT


@pytest.mark.parametrize("place", ["folder", "below a file", "pipe"])
def test_a_place_that_holds_no_file_costs_one_warning(tmp_path: Path, warnings: list[str], place: str) -> None:
    path = tmp_path / "answers.sqlite3"
    if place == "folder":
        path.mkdir()
    elif place == "pipe":
        os.mkfifo(path)
    else:
        path.write_text("x")
        path = path / "deeper"
    cache = AnswerCache(path, warnings.append)
    for _ in range(3):
        assert cache.get(KEY) is None
        cache.put(KEY, ANSWER)
    assert len(warnings) == 1
    assert "without it" in warnings[0]


def test_a_full_disk_costs_one_warning(tmp_path: Path, warnings: list[str]) -> None:
    cache = AnswerCache(tmp_path / "answers.sqlite3", warnings.append)
    cache.put(KEY, ANSWER)
    cache._open().execute("PRAGMA max_page_count = 3")
    big = Completion(text="x" * 100_000)
    for number in range(3):
        cache.put(f"{number}", big)
    assert cache.get(KEY) == KEPT
    assert len(warnings) == 1
    assert "full" in warnings[0]


def test_a_busy_file_is_only_missed(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "answers.sqlite3"
    cache = AnswerCache(path, warnings.append)
    cache.put(KEY, ANSWER)
    cache._open().execute("PRAGMA busy_timeout = 10")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cache.get(KEY) is None
        other.execute("COMMIT")
    other.close()
    assert cache.get(KEY) == KEPT
    assert warnings == []


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite3"
    code = (
        "import sys; from pathlib import Path\n"
        "from copilot.llm.cache import AnswerCache\n"
        "from copilot.llm.completer import Completion\n"
        "cache = AnswerCache(Path(sys.argv[1]), lambda text: sys.exit(text))\n"
        "for number in range(100): cache.put(f'{sys.argv[2]}-{number}', Completion(text=sys.argv[2]))\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("one", "two")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    problems: list[str] = []
    cache = AnswerCache(path, problems.append)
    found = [cache.get(f"{name}-{number}") for name in ("one", "two") for number in range(100)]
    assert problems == []
    assert [answer.text for answer in found if answer] == ["one"] * 100 + ["two"] * 100
