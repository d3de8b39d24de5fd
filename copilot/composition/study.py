"""What every command on a table begins with: the table, what the user says of it, and the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from copilot.data.describe import read_descriptions, read_text_option, read_tiers
from copilot.data.documents import read_documents
from copilot.data.tables import ReadOptions, Table, read_table
from copilot.domain.consensus import Constraints
from copilot.domain.documents import Document
from copilot.domain.edge_text import choose_names, parse_edge
from copilot.domain.notice import Notice
from copilot.domain.variables import Query, TableProfile, Variable
from copilot.voting.constraints import check_constraints
from copilot.workflow.variables import check_query, choose_variables


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """What the user said of table and question on the command line; names are exact."""

    data: str
    context: str = ""
    describe: str | None = None
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    query: Query = Query()
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    tiers: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    evidence: tuple[str, ...] = ()

    def inputs(self) -> tuple[Path, ...]:
        """List the files that are read, so that none of them is written to."""
        context = self.context[1:] if self.context.startswith("@") else None
        named = (self.data, self.describe, self.tiers, context, *self.evidence)
        return tuple(Path(name) for name in named if name not in (None, "-"))


class Study:
    """A table and a question, read and checked.

    Parameters
    ----------
    options
        What the user said.
    table
        Read already, or ``None`` to read it here.

    Raises
    ------
    UsageError
        On anything that cannot be used; nothing has been asked or written by then.
    """

    def __init__(self, options: StudyOptions, table: Table | None = None) -> None:
        self.options = options
        self.table: Table = table if table is not None else read_table(options.data, options.read)
        self.profile: TableProfile = self.table.profile
        names = self.profile.names
        descriptions = () if options.describe is None else read_descriptions(options.describe, names)
        self.context = read_text_option(options.context, "--context") if options.context else ""
        self.query = options.query
        check_query(options.query, self.profile)
        chosen, left_out = choose_variables(
            self.profile,
            columns=choose_names(options.columns, names),
            exclude=choose_names(options.exclude, names),
            query=options.query,
            descriptions=descriptions,
        )
        self.variables: tuple[Variable, ...] = chosen
        self.notices: tuple[Notice, ...] = (*self.profile.notices, *left_out)
        self.names = tuple(variable.name for variable in chosen)
        self.constraints = Constraints(
            require=tuple(parse_edge(text, self.names) for text in options.require),
            forbid=tuple(parse_edge(text, self.names) for text in options.forbid),
            tiers=() if options.tiers is None else _present(read_tiers(options.tiers, names), self.names),
        )
        check_constraints(self.names, self.constraints)
        self.documents: tuple[Document, ...] = read_documents(options.evidence)

    def fingerprint(self) -> dict[str, object]:
        """Give everything about table and question that may change a result, for the id of a run."""
        read = self.options.read
        # A run without documents keeps the id it always had.
        brought = {"evidence": [[one.name, one.sha256] for one in self.documents]} if self.documents else {}
        return {
            **brought,
            "data": self.profile.sha256,
            "read": [read.encoding, read.delimiter, read.decimal, read.max_profile_rows, list(read.missing)],
            "variables": [variable.model_dump(mode="json") for variable in self.variables],
            "context": self.context,
            "query": self.query.model_dump(mode="json"),
            "constraints": self.constraints.model_dump(mode="json"),
        }


def _present(tiers: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Drop from the tiers what is not in the graph; tiers may speak of every column of the table."""
    kept = (tuple(name for name in tier if name in names) for tier in tiers)
    return tuple(tier for tier in kept if tier)
