"""Everything the `suggest-*` commands for candidates need: a table or a graph or both, perhaps a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
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
    quorum_of,
)
from copilot.composition.effect import exact_wishes
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.study import Study, StudyOptions
from copilot.composition.wiring import HOW_TO_ADD_A_MODEL, AnswerFiles
from copilot.data.describe import read_descriptions, read_text_option
from copilot.data.graph_files import check_columns, read_graph
from copilot.data.runs import DOT, GRAPH, REPORT, RunFolder, run_id_of
from copilot.domain.candidates import Candidate, Role
from copilot.domain.edge_text import choose_names
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.variables import Query
from copilot.domain.votes import Turnout
from copilot.errors import UsageError
from copilot.report.candidates import candidates_json
from copilot.report.graph_file import graph_text
from copilot.report.suggestion import graph_json
from copilot.workflow.accept import propose
from copilot.workflow.candidates import allowed_by_graph, check_candidate_names, check_candidates
from copilot.workflow.choose_design import Wishes
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    from copilot.domain.votes import CandidateBallot
    from copilot.elicitation.candidates_task import CandidatesPart
    from copilot.elicitation.diversity import Plan
    from copilot.elicitation.setting import Setting
    from copilot.elicitation.task import Sheet
    from copilot.llm.completer import ChatRequest


@dataclass(frozen=True, slots=True)
class CandidateTask:
    """One of the commands.

    Parameters
    ----------
    command
        As typed; also the id of its prompt.
    roles
        What its candidates may be proposed as; the first is that of names given with ``--candidate``.
    """

    command: str
    roles: tuple[Role, ...]


CONFOUNDERS = CandidateTask("suggest-confounders", (Role.CONFOUNDER,))
INSTRUMENTS = CandidateTask("suggest-instruments", (Role.INSTRUMENT,))
NEGATIVE_CONTROLS = CandidateTask(
    "suggest-negative-controls", (Role.NEGATIVE_CONTROL_OUTCOME, Role.NEGATIVE_CONTROL_EXPOSURE)
)


@dataclass(frozen=True, slots=True)
class CandidateOptions:
    """What the user said on the command line, beside settings; names are as typed.

    Parameters
    ----------
    task
        Which command.
    study
        The table and what is said of it; ``None`` without a table.
    graph
        A file; ``None`` without a graph.
    query
        Treatment and outcome, as far as they are given.
    context, describe
        As for `suggest-graph`, where there is no table.
    candidates, exposures
        The user's own, in the first role and as negative-control exposures.
    wishes
        What is asked of the effect that the data checks estimate.
    files
        Where answers come from or go to.
    """

    task: CandidateTask
    study: StudyOptions | None = None
    graph: str | None = None
    query: Query = Query()
    context: str = ""
    describe: str | None = None
    candidates: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    wishes: Wishes = Wishes()
    files: AnswerFiles = AnswerFiles()


@dataclass(frozen=True, slots=True)
class Suggested:
    """What came of it.

    Parameters
    ----------
    candidates
        With their checks, the best supported first.
    joint
        What several of them say together: over-identification, calibration.
    turnout
        Of the ballots, ``None`` if nobody was asked.
    left_out, notices
        What was not done, and what a reader must know.
    """

    candidates: tuple[Candidate, ...]
    joint: dict[str, Any] = field(default_factory=dict)
    turnout: Turnout | None = None
    left_out: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


class CandidatesJob:
    """One run, checked and ready; nothing has been asked yet.

    Parameters
    ----------
    settings, options
        What to do.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a request is sent and before a file is written.
    """

    def __init__(self, settings: Settings, options: CandidateOptions) -> None:
        self.settings, self.options = settings, options
        if options.study is None and options.graph is None:
            raise UsageError("there is neither a table nor a graph", advice="Name DATA, or --graph FILE, or both.")
        document = None if options.graph is None else read_graph(options.graph)
        query, self._notices = options.query, () if document is None else document.notices
        if document is not None:
            query = Query(treatment=query.treatment or document.treatment, outcome=query.outcome or document.outcome)
        self.drawn: CausalGraph | None = None if document is None else document.graph
        names = () if document is None else document.graph.names
        if self.drawn is not None:
            query = _in_graph(query, names)
        self.study = None if options.study is None else Study(replace(options.study, query=query))
        self.query = query if self.study is None else self.study.query
        self.table = None if self.study is None else self.study.table
        self.graph = self.drawn
        if self.drawn is not None and self.table is not None:
            self.graph, more = check_columns(self.drawn, self.table.profile.names, options.graph or "the graph")
            self._notices = (*self._notices, *more)
        known = names if self.table is None else tuple(dict.fromkeys((*self.table.profile.names, *names)))
        self.wishes = exact_wishes(options.wishes, known)
        self.own = (
            *self._own(options.candidates, known, options.task.roles[0]),
            *self._own(options.exposures, known, Role.NEGATIVE_CONTROL_EXPOSURE),
        )
        if not self.asks and not self.own and self.drawn is None:
            raise UsageError(
                "there is nobody to suggest a candidate",
                reason="No model is asked, no graph is given, and no candidate is named.",
                advice=f"Name one with --candidate NAME, give --graph FILE, or {HOW_TO_ADD_A_MODEL}.",
            )
        self.usage: dict[str, Any] = {}

    @property
    def command(self) -> str:
        """As typed."""
        return self.options.task.command

    @property
    def asks(self) -> bool:
        """Whether models vote: not where the user names candidates of their own, unless a model or recording is too."""
        settings, files = self.settings, self.options.files
        if settings.voters == "data" or not can_ask(settings, files):
            return False
        named = files.replay is not None or settings.origins["models"].source == "flag"
        return named or not (self.options.candidates or self.options.exposures)

    @property
    def run_id(self) -> str:
        """Name the run by what it computes."""
        options = self.options
        return run_id_of(
            {
                "command": self.command,
                "study": None if self.study is None else self.study.fingerprint(),
                "graph": None if self.drawn is None else self.drawn.content_hash,
                "query": self.query.model_dump(mode="json"),
                "context": options.context,
                "own": [one.model_dump(mode="json") for one in self.own],
                "wishes": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self.wishes).items()},
                "asks": self.asks,
                **answers_fingerprint(self.settings, options.files),
            }
        )

    def announcement(self) -> str:
        """Say in one line who is asked, and what leaves this machine."""
        if not self.asks and can_ask(self.settings, self.options.files):
            return "No model is asked: your own candidates are checked by graph and data."
        rest = "the graph's own candidates are checked." if not self.own else "your own candidates are checked."
        return announcement(self.settings, self.options.files, len(self._matter().variables), otherwise=rest)

    def requests(self) -> list[ChatRequest]:
        """Make the requests without sending any."""
        if not self.asks:
            return []
        sheets, _ = self._task(self._matter().setting(self.settings, self.settings.models))
        return [one.question.request for one in sheets]

    def run(
        self, folder: RunFolder, *, arguments: Sequence[str], progress: Progress, warn: Callable[[str], None]
    ) -> Suggested:
        """Ask for candidates, and hold each against the graph and the data.

        Raises
        ------
        QuorumError
            If too few ballots can be counted; they are in the folder.
        """
        run = Run(
            folder,
            command=self.command,
            run_id=self.run_id,
            arguments=arguments,
            settings=self.settings,
            profile=None if self.table is None else self.table.profile,
            query=self.query,
            earlier=earlier_calls(self.options.files),
            done="complete",
            resumable=self.asks,
        )
        if self.drawn is not None:
            folder.write_text(DOT, graph_text(self.drawn, "dot", review=propose(self.drawn), query=self.query))
            told = {"graph": graph_json(self.drawn), "graph_hash": self.drawn.content_hash}
            folder.write_json(GRAPH, told)
        try:
            with run:
                found = self._found(run, progress, warn)
                self._write(folder, found)
        finally:
            progress.done()
            self.usage = run.usage
        return found

    def payload(self, found: Suggested) -> dict[str, Any]:
        """Build the command's object, without ``usage``."""
        return candidates_json(
            found.candidates,
            self.query,
            joint=found.joint,
            turnout=found.turnout,
            graph_hash=None if self.drawn is None else self.drawn.content_hash,
            left_out=found.left_out,
            notices=found.notices,
        )

    def _found(self, run: Run, progress: Progress, warn: Callable[[str], None]) -> Suggested:
        proposed, turnout, left = self.own, None, list[str]()
        if self.asks:
            voted, turnout = self._voted(run, progress, warn)
            proposed = _joined(self.own, voted)
        elif not self.own and self.graph is not None:
            left.append("Votes: no model was asked; these are the columns that the graph itself allows.")
            proposed = allowed_by_graph(self.graph, self.query, self.options.task.roles)
        if self.graph is None:
            left.append("The graph: none was given (--graph FILE).")
        if self.table is None:
            left.append("The data: no table was given.")
        checked = check_candidates(
            proposed,
            self.graph,
            self.query,
            self.table,
            wishes=self.wishes,
            seed=self.settings.seed,
            jobs=self.settings.jobs,
            progress=progress,
        )
        study = () if self.study is None else self.study.notices
        return Suggested(
            candidates=checked.candidates,
            joint=dict(checked.joint),
            turnout=turnout,
            left_out=tuple(left),
            notices=(*self._notices, *study, *checked.notices),
        )

    def _voted(
        self, run: Run, progress: Progress, warn: Callable[[str], None]
    ) -> tuple[tuple[Candidate, ...], Turnout]:
        from copilot.voting.candidates import tally_candidates

        settings, files, matter = self.settings, self.options.files, self._matter()
        gathered = ask_ballots(
            settings, files, run, matter, self._task, title="Asking for candidates", progress=progress, warn=warn
        )
        turnout, quorum = counted(settings, gathered), quorum_of(settings)
        return tally_candidates(gathered.ballots, min_support=settings.min_support, quorum=quorum), turnout

    def _task(
        self, setting: Setting
    ) -> tuple[Sequence[Sheet[CandidatesPart]], Callable[[Plan, Sequence[CandidatesPart]], CandidateBallot]]:
        from copilot.elicitation.candidates_task import candidate_sheets, merge_candidates

        return candidate_sheets(self.command, setting, self.settings.votes), merge_candidates

    def _matter(self) -> Matter:
        """Put the columns before the models, whatever graph is given: the same ballots serve every graph."""
        study, options = self.study, self.options
        if study is not None:
            chosen = tuple(column for column in study.profile.columns if column.name in study.names)
            return Matter(variables=study.variables, context=study.context, query=self.query, columns=chosen)
        graph = self.graph if self.graph is not None else CausalGraph.build()
        described = () if options.describe is None else read_descriptions(options.describe, graph.names)
        context = read_text_option(options.context, "--context") if options.context else ""
        return matter_of_graph(graph, None, {one.name: one for one in described}, context, self.query)

    def _own(self, typed: Sequence[str], known: Sequence[str], role: Role) -> tuple[Candidate, ...]:
        names = choose_names(typed, known, "candidate") if typed else ()
        check_candidate_names(names, self.graph, self.query)
        return tuple(Candidate(name=name, role=role, from_user=True) for name in names)

    def _write(self, folder: RunFolder, found: Suggested) -> None:
        from copilot import SCHEMA_VERSION

        head = {"schema_version": SCHEMA_VERSION, "command": self.command, "run_id": self.run_id}
        folder.write_json(REPORT, {**head, **self.payload(found)})


def _in_graph(query: Query, names: Sequence[str]) -> Query:
    def one(name: str | None, role: str) -> str | None:
        return None if name is None else choose_names([name], names, f"{role} in the graph")[0]

    return Query(treatment=one(query.treatment, "treatment"), outcome=one(query.outcome, "outcome"))


def _joined(own: Sequence[Candidate], voted: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Put the user's own first; one that was voted for too bears its votes."""
    votes = {(one.role, one.name): one for one in voted}
    mine = [
        votes[one.role, one.name].model_copy(update={"from_user": True}) if (one.role, one.name) in votes else one
        for one in own
    ]
    named = {(one.role, one.name) for one in own}
    return (*mine, *(one for one in voted if (one.role, one.name) not in named))
