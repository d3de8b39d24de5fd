"""Everything `critique` needs: a graph, perhaps a table, perhaps a model, and the id of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from copilot.composition.ballots import (
    Matter,
    announcement,
    answers_fingerprint,
    ask_ballots,
    can_ask,
    counted,
    earlier_calls,
    matter_of_graph,
)
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.wiring import AnswerFiles
from copilot.data.describe import read_descriptions, read_text_option, read_tiers
from copilot.data.graph_files import GraphDocument, read_graph
from copilot.data.runs import DOT, GRAPH, REPORT, RunFolder, run_id_of
from copilot.data.tables import ReadOptions, read_table
from copilot.domain.edge_text import choose_names
from copilot.domain.variables import Query
from copilot.errors import UsageError
from copilot.report.critique import critique_json
from copilot.report.graph_file import graph_text
from copilot.report.suggestion import graph_json
from copilot.workflow.accept import propose
from copilot.workflow.critique import (
    Critique,
    CritiquePlan,
    critique_by_data,
    critique_by_graph,
    critique_by_votes,
    falsified,
)
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    from copilot.domain.votes import CritiqueBallot
    from copilot.elicitation.critique_task import CritiquePart
    from copilot.elicitation.diversity import Plan
    from copilot.elicitation.setting import Setting
    from copilot.elicitation.task import Sheet
    from copilot.llm.completer import ChatRequest

COMMAND = "critique"
FALSIFY_S = 30.0
"""Seconds that the test of the whole graph may take, unless told."""


@dataclass(frozen=True, slots=True)
class CritiqueOptions:
    """What the user said on the command line, beside settings; names are as typed.

    Parameters
    ----------
    graph, data, read
        Files, and how the table is read; ``None`` without a table.
    query
        Treatment and outcome, as far as they are given; the graph may mark them too.
    adjust
        The set that the user means to adjust for.
    context, describe, tiers
        As for `suggest-graph`.
    falsify_s
        Seconds for the test of the whole graph; 0 for none.
    files
        Where answers come from or go to.
    """

    graph: str
    data: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    query: Query = Query()
    adjust: str | None = None
    context: str = ""
    describe: str | None = None
    tiers: str | None = None
    falsify_s: float = FALSIFY_S
    files: AnswerFiles = AnswerFiles()


class CritiqueJob:
    """One critique, checked and ready; nothing has been asked yet.

    Parameters
    ----------
    settings, options
        What to do.
    document
        The graph, read already; ``None`` to read it here.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a request is sent and before a file is written.
    """

    def __init__(self, settings: Settings, options: CritiqueOptions, document: GraphDocument | None = None) -> None:
        self.settings, self.options = settings, options
        document = document if document is not None else read_graph(options.graph)
        names = document.graph.names
        self.table = None if options.data is None else read_table(options.data, options.read)
        self.query = Query(
            treatment=_one(options.query.treatment or document.treatment, names, "treatment in the graph"),
            outcome=_one(options.query.outcome or document.outcome, names, "outcome in the graph"),
        )
        known = names if self.table is None else tuple(dict.fromkeys((*names, *self.table.profile.names)))
        described = () if options.describe is None else read_descriptions(options.describe, known)
        self._described = {one.name: one for one in described if one.name in names}
        tiers = () if options.tiers is None else read_tiers(options.tiers, known)
        self.context = read_text_option(options.context, "--context") if options.context else ""
        if options.adjust is not None and (self.query.treatment is None or self.query.outcome is None):
            raise UsageError(
                "--adjust needs a treatment and an outcome",
                reason="A set is good or bad for one question.",
                advice="Name both with -t and -o.",
            )
        adjust = (
            None
            if options.adjust is None
            else choose_names([options.adjust] if options.adjust else [], names, "node of the graph")
        )
        self.plan = CritiquePlan(
            graph=document.graph,
            source=options.graph,
            query=self.query,
            adjust=adjust,
            tiers=tuple(tuple(name for name in tier if name in names) for tier in tiers),
            seed=settings.seed,
        )
        self.document_notices = document.notices
        columns = None if self.table is None else self.table.profile.names
        measured = {one.name: one.measured for one in described if one.measured}
        self.by_graph = critique_by_graph(self.plan, columns, measured)
        self.usage: dict[str, Any] = {}

    @property
    def asks(self) -> bool:
        """Whether critics vote; `--voters data` asks none."""
        return self.settings.voters != "data" and can_ask(self.settings, self.options.files)

    @property
    def run_id(self) -> str:
        """Name the run by what it computes."""
        options, read = self.options, self.options.read
        return run_id_of(
            {
                "command": COMMAND,
                "graph": self.plan.graph.content_hash,
                "data": None if self.table is None else self.table.profile.sha256,
                "read": [read.encoding, read.delimiter, read.decimal, read.max_profile_rows, list(read.missing)],
                "query": self.query.model_dump(mode="json"),
                "adjust": self.plan.adjust,
                "tiers": self.plan.tiers,
                "falsify": options.falsify_s > 0,
                "context": self.context,
                "described": [one.model_dump(mode="json") for one in self._described.values()],
                "asks": self.asks,
                **answers_fingerprint(self.settings, options.files),
            }
        )

    def announcement(self) -> str:
        """Say in one line who is asked, and what leaves this machine."""
        rest = "the graph itself" + (" and the data speak." if self.table is not None else " speaks.")
        return announcement(self.settings, self.options.files, len(self.plan.graph.names), otherwise=rest)

    def requests(self) -> list[ChatRequest]:
        """Make the requests without sending any."""
        if not self.asks:
            return []
        sheets, _ = self._task(self._matter().setting(self.settings, self.settings.models))
        return [one.question.request for one in sheets]

    def run(
        self, folder: RunFolder, *, arguments: Sequence[str], progress: Progress, warn: Callable[[str], None]
    ) -> Critique:
        """Look at the graph, hold it against the data, ask the critics; everything is in the folder at the end.

        Raises
        ------
        QuorumError
            If too few critics can be counted; what graph and data showed is written by then.
        """
        run = Run(
            folder,
            command=COMMAND,
            run_id=self.run_id,
            arguments=arguments,
            settings=self.settings,
            profile=None if self.table is None else self.table.profile,
            query=self.query,
            earlier=earlier_calls(self.options.files),
            done="complete",
            resumable=self.asks,
        )
        found = self.by_graph.plus(notices=self.document_notices)
        graph = self.plan.graph
        folder.write_text(DOT, graph_text(graph, "dot", review=propose(graph), query=self.query))
        folder.write_json(GRAPH, {"graph": graph_json(graph), "graph_hash": graph.content_hash})
        try:
            with run:
                found = self._with_data(found, progress)
                self._write(folder, found)
                if self.asks:
                    found = self._with_votes(run, found, progress, warn)
                elif self.settings.voters != "data":
                    found = found.plus(left_out=["The critics: no model is configured, so nobody voted."])
                self._write(folder, found)
        finally:
            progress.done()
            self.usage = run.usage
        return found

    def payload(self, found: Critique) -> dict[str, Any]:
        """Build the ``critique`` object, without ``usage``."""
        return critique_json(
            found.findings,
            found.query,
            turnout=found.turnout,
            left_out=found.left_out,
            notices=found.notices,
            graph_hash=self.plan.graph.content_hash,
        )

    def _with_data(self, found: Critique, progress: Progress) -> Critique:
        if self.table is None:
            return found.plus(left_out=["The data: none were given (--data FILE)."])
        test = falsified(self.plan, found.graph, self.table, self.options.falsify_s)
        with test:
            found = critique_by_data(self.plan, found, self.table, progress)
            return test.judge(found, progress)

    def _with_votes(self, run: Run, found: Critique, progress: Progress, warn: Callable[[str], None]) -> Critique:
        files, matter = self.options.files, self._matter()
        gathered = ask_ballots(
            self.settings, files, run, matter, self._task, title="Asking critics", progress=progress, warn=warn
        )
        turnout = counted(self.settings, gathered)
        return critique_by_votes(found, gathered.ballots, turnout, min_support=self.settings.min_support)

    def _task(
        self, setting: Setting
    ) -> tuple[Sequence[Sheet[CritiquePart]], Callable[[Plan, Sequence[CritiquePart]], CritiqueBallot]]:
        from copilot.elicitation.critique_task import critique_sheets, merge_critique

        return critique_sheets(setting, self.plan.graph, self.settings.votes), merge_critique

    def _matter(self) -> Matter:
        """Put the nodes before the critics."""
        profile = None if self.table is None else self.table.profile
        return matter_of_graph(self.by_graph.graph, profile, self._described, self.context, self.query)

    def _write(self, folder: RunFolder, found: Critique) -> None:
        from copilot import SCHEMA_VERSION

        head = {"schema_version": SCHEMA_VERSION, "command": COMMAND, "run_id": self.run_id}
        folder.write_json(REPORT, {**head, **self.payload(found)})


def _one(name: str | None, names: Sequence[str], role: str) -> str | None:
    return None if name is None else choose_names([name], names, role)[0]
