"""What every task puts before a model: variables as JSON data under opaque ids, context, and the study's question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from copilot.domain.variables import ColumnProfile, Query, Variable
from copilot.elicitation.naming import Naming

BLOCK_LIMIT = 25
"""Up to so many variables one request holds the whole graph."""
BLOCK_SIZE = 12
"""Variables whose direct causes one request asks for beyond that."""


class Share(StrEnum):
    """How much about the data may leave the machine; rows never do."""

    NAMES = "names"
    """Names, kinds, units and the user's own descriptions."""
    SCHEMA = "schema"
    """Also the labels of categories."""
    SUMMARY = "summary"
    """Also ranges and the share of missing cells."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is shown of one document that the user brings as evidence.

    Parameters
    ----------
    id
        By which ballots refer to it.
    name
        By which people do; no two documents have the same.
    title
        Its file name, which a model is told.
    text
        As far as it goes into a request.
    """

    id: str
    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that the ballots of one run have in common.

    Parameters
    ----------
    variables
        Those that enter the graph, in file order.
    facts
        Further facts by column name, as far as `Share` allows.
    context
        The user's own words.
    query
        Treatment and outcome, if known.
    models
        Names of the models that vote, in turn.
    seed
        The run's seed.
    parameters
        Request parameters that the user set.
    prompts
        A folder whose prompt files go before the packaged ones.
    evidence
        Documents that the ballots on the whole graph may quote; without any, nothing in a request speaks of documents.
    """

    variables: tuple[Variable, ...]
    models: tuple[str, ...]
    seed: int
    context: str = ""
    query: Query = Query()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    prompts: Path | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(variable.name for variable in self.variables)

    def context_text(self) -> str:
        """Give the user's context, or say that there is none; a line that looks like our own END line is indented."""
        if not self.context.strip():
            return "(none was given)"
        return "\n".join("  " + line if line.startswith("END ") else line for line in self.context.strip().splitlines())

    def variable_lines(self, naming: Naming) -> str:
        """List the variables, one JSON object a line, in the order of the ids."""
        by_name = {variable.name: variable for variable in self.variables}
        return "\n".join(
            json.dumps(_entry(naming.id_of(name), by_name[name], self.facts.get(name, {})), ensure_ascii=False)
            for name in naming.shown
        )

    def study_text(self, naming: Naming) -> str:
        """Say what the study will ask, by ids."""
        treatment, outcome = self.query.treatment, self.query.outcome
        if treatment is not None and outcome is not None:
            return (
                f"The study will ask for the effect of {naming.id_of(treatment)} on {naming.id_of(outcome)}. That is a "
                "question, not an answer: whether there is an arrow between them is for you to say."
            )
        named = treatment if treatment is not None else outcome
        if named is None:
            return "The study has not fixed its treatment and outcome yet."
        role = "treatment" if treatment is not None else "outcome"
        return f"The {role} of the study is {naming.id_of(named)}."


def facts_to_share(columns: Sequence[ColumnProfile], share: Share) -> dict[str, dict[str, Any]]:
    """Select what may be told about each column beyond its name and kind.

    Returns
    -------
    dict
        Column name → facts; empty for ``Share.NAMES``.
    """
    facts: dict[str, dict[str, Any]] = {}
    for column in columns:
        told: dict[str, Any] = {}
        if share is not Share.NAMES and column.levels:
            told["categories"] = [level for level, _ in column.levels]
        if share is Share.SUMMARY:
            if column.minimum is not None and column.maximum is not None:
                told["range"] = [column.minimum, column.maximum]
            told["missing_share"] = round(column.missing_share, 3)
        if told:
            facts[column.name] = told
    return facts


def blocks(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Split variables into the groups that one request each answers for.

    Examples
    --------
    >>> [len(block) for block in blocks([str(i) for i in range(26)])]
    [9, 9, 8]
    """
    if len(names) <= BLOCK_LIMIT:
        return (tuple(names),)
    count = -(-len(names) // BLOCK_SIZE)
    size, larger = divmod(len(names), count)
    ends = [size * i + min(i, larger) for i in range(count + 1)]
    return tuple(tuple(names[a:b]) for a, b in pairwise(ends))


def _entry(identifier: str, variable: Variable, facts: Mapping[str, Any]) -> dict[str, Any]:
    # Lone surrogates cannot be sent as UTF-8; they become U+FFFD in what is read, while the id stays exact.
    entry: dict[str, Any] = {"id": identifier, "name": _sendable(variable.name), "kind": variable.kind.value}
    for key in ("description", "unit", "measured"):
        text = getattr(variable, key)
        if text:
            entry[key] = _sendable(text)
    return {**entry, **facts}


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
