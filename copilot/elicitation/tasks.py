"""All tasks that put a prompt before a model, for documentation, checks of recordings, and `prompts show`."""

from __future__ import annotations

from copilot.elicitation import challenge_task, graph_task, pairs_task

TASKS: tuple[str, ...] = (graph_task.PROMPT, pairs_task.PROMPT, challenge_task.PROMPT)
"""Prompt ids in the order in which a run asks them."""
