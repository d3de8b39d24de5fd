"""Prompt files: format, rendering and override."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.elicitation.prompts import list_prompts, load_prompt, parse_prompt
from copilot.elicitation.tasks import TASKS
from copilot.errors import ConfigurationError

GOOD = """---
id: greet
version: 2
reply: none
variables: [name]
---
=== system
{{persona}}
=== persona: warm
Be warm.
=== user
Hello {{name}}
"""


def test_every_task_has_a_prompt_with_variants() -> None:
    assert {task.prompt for task in TASKS} <= {prompt.id for prompt in list_prompts()}
    for task in TASKS:
        prompt = load_prompt(task.prompt)
        assert len(prompt.personas) > 1
        assert len(prompt.wordings) > 1


def test_values_are_inserted_once_and_never_expanded() -> None:
    system, user = parse_prompt(GOOD).messages({"name": "{{persona}} {{name}}"}, persona="warm")
    assert (system.content, user.content) == ("Be warm.", "Hello {{persona}} {{name}}")


@pytest.mark.parametrize("filled", [{}, {"name": "a", "other": "b"}])
def test_a_missing_or_unknown_value_is_a_programming_error(filled: dict[str, str]) -> None:
    with pytest.raises(KeyError, match="greet"):
        parse_prompt(GOOD).messages(filled, persona="warm")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("---\nid", "id", "front matter"),
        ("[name]", "[name, age]", "declares"),
        ("{{persona}}", "hello", "persona"),
        ("=== user", "=== persona: warm", "twice"),
        ("version: 2", "version: 0", "greater than or equal to 1"),
        ("id: greet", "id: [", "not YAML"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "repair.md").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_prompt("repair", tmp_path)
    assert said in caught.value.reason
    assert "repair.md" in caught.value.message


def test_an_unknown_prompt_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_prompt("no-such")
    assert "suggest-graph" in caught.value.advice


def test_a_users_file_goes_before_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "repair.md").write_text(GOOD, encoding="utf-8")
    assert load_prompt("repair", tmp_path).version == 2
