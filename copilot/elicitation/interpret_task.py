"""A reading of finished results in plain language; variables come back as ids, never as names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from copilot.domain.interpretation import Reading, Said
from copilot.domain.text import clean
from copilot.domain.votes import Slip
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, record
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Sheet, deal, sheet
from copilot.llm.replies import ReplyError

PROMPT = "interpret-results"
MOST = 12
"""Sentences of a reading; what follows is left out and counted."""
_ID = re.compile(r"\{\s*(v\d+)\s*\}", re.IGNORECASE)


class ReadingReply(ReplyLine):
    """What a model sends back."""

    sentences: list[str] = Field(max_length=200)


def interpret_sheets(setting: Setting, results: Mapping[str, Any], votes: int) -> tuple[Sheet[Reading], ...]:
    """Make the requests for `votes` readings of the same results.

    Parameters
    ----------
    setting
        Its variables are those that a sentence may name.
    results
        What was found, as JSON values by a word for what each is; it is all that is sent of an analysis.
    votes
        Number of ballots, one request each.
    """
    prompt, plans = deal(PROMPT, setting, votes)
    lines = "\n".join(json.dumps({key: value}, ensure_ascii=False) for key, value in results.items())
    made = []
    for plan in plans:
        naming = Naming(shuffled(setting.names, plan.generator()))
        filled = {"variables": setting.variable_lines(naming), "results": lines.encode("utf-8", "replace").decode()}
        made.append(sheet(setting, prompt, plan, filled, _schema(), _Reader(plan, naming)))
    return tuple(made)


def merge_reading(plan: Plan, parts: Sequence[Reading]) -> Reading:  # noqa: ARG001 (as tasks with several sheets have it)
    """Take the one sheet of a ballot."""
    return parts[0]


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming

    def __call__(self, data: Any) -> Reading:
        reply, slips = ReadingReply.model_validate(data), Slips()
        texts = [text for text in (" ".join(clean(one).split()) for one in reply.sentences) if text]
        if not texts:
            raise ReplyError("it has no sentence")
        for text in texts[MOST:]:
            slips.add(Slip.OUT_OF_SCOPE, text)
        return Reading(
            voter=self._plan.voter,
            sentences=tuple(self._said(text, slips) for text in texts[:MOST]),
            slips=slips.counts(),
        )

    def _said(self, text: str, slips: Slips) -> Said:
        """Put the place of a name where an id stands; an id that was not given out stays as it is, to be found."""
        names: list[str] = []

        def place(found: re.Match[str]) -> str:
            identifier = found.group(1).lower()
            if identifier not in self._naming.ids:
                slips.add(Slip.UNKNOWN_NAME, found.group(0))
                return found.group(0)
            name = self._naming.resolve(identifier, slips)
            if name is None:
                return found.group(0)
            if name not in names:
                names.append(name)
            return f"{{{names.index(name)}}}"

        # A "{0}" of the model's own would be taken for a place of ours.
        own = re.sub(r"\{\s*(\d+)\s*\}", r"{_\1}", text)
        return Said(template=_ID.sub(place, own), names=tuple(names))


def _schema() -> Schema:
    return record(sentences=listed(TEXT))
