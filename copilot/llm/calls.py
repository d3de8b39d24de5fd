"""The record of one question: one line of ``calls.jsonl``."""

from __future__ import annotations

from typing import Literal

from copilot.domain.value import Value, canonical_json
from copilot.domain.votes import Voter
from copilot.llm.completer import Message, TokenUsage

_NO_USAGE = TokenUsage()


class CallRecord(Value):
    """What was asked and what became of it; no key can be in it.

    Parameters
    ----------
    task, prompt_version
        Which prompt.
    voter
        Who was asked.
    key
        `copilot.llm.completer.ChatRequest.key` of the question as it was first asked.
    messages
        What was sent first.
    text
        The reply that counts; of one that does not count, the beginning.
    rejected
        The beginning of a reply that was sent back for repair, or empty.
    finish_reason, model
        Of the last reply.
    usage
        Tokens of all replies to this question; ``None`` if one of them came without a count.
    attempts
        HTTP requests.
    served_by
        Where the last reply came from.
    outcome
        ``"valid"``; the reason of the abstention (`copilot.domain.votes.AbstentionReason`); or ``"cancelled"`` if the
        run stopped before the question was done: what was sent for it may be on the provider's bill.
    error
        One line on what was wrong.
    """

    task: str
    prompt_version: int
    voter: Voter
    key: str
    messages: tuple[Message, ...]
    text: str = ""
    rejected: str = ""
    finish_reason: str | None = None
    model: str = ""
    usage: TokenUsage = _NO_USAGE
    attempts: int = 0
    served_by: Literal["live", "cache", "replay"] = "live"
    outcome: str
    error: str = ""

    def line(self) -> str:
        """Write the record as one line of JSON, without the line end."""
        return canonical_json(self.model_dump(mode="json"))
