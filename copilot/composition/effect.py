"""Everything `estimate`, `refute` and `analyze` need: table, accepted graph, wishes, and the id of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from copilot.composition.ballots import answers_fingerprint, can_ask
from copilot.composition.beside import drawing_beside
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.wiring import AnswerFiles
from copilot.data.graph_files.reading import parse_file, read_text
from copilot.data.runs import (
    ANALYSIS,
    DECISIONS,
    DOT,
    GRAPH,
    MANIFEST,
    MARKDOWN,
    PAGE,
    PROFILE,
    REPORT,
    RunFolder,
    run_id_of,
)
from copilot.data.tables import ReadOptions, Table, read_table
from copilot.domain.edge_text import choose_names
from copilot.domain.findings import Finding
from copilot.domain.notice import Notice
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.errors import UsageError
from copilot.estimation.estimators.registry import estimator_named
from copilot.report.effect import analysis_json
from copilot.report.graph_file import graph_text, stamp_of
from copilot.report.suggestion import graph_json, profile_json
from copilot.workflow.accept import accept_file
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, Route, analyse, both, find_route, of_reading
from copilot.workflow.progress import Progress
from copilot.workflow.try_effect import check_refuters
from copilot.workflow.variables import check_query

if TYPE_CHECKING:
    from copilot.domain.analysis import Analysis
    from copilot.estimation.reference.client import Reference
    from copilot.voting.voices import Drawing

SUGGESTED = "suggested in this run"


@dataclass(frozen=True, slots=True)
class EffectOptions:
    """What the user said on the command line, beside settings; names are as typed.

    Parameters
    ----------
    command
        ``"estimate"``, ``"refute"`` or ``"analyze"``.
    data, read
        The table.
    graph
        A file; ``None`` if the graph is suggested in this run.
    query
        Treatment and outcome.
    wishes
        With the names of columns still as typed: several may stand in one text.
    simulations
        For each simulating refuter; ``None`` for what suits the estimator.
    dowhy
        Whether DoWhy computes the headline as well.
    draws
        How many graphs `analyze` draws from the votes; 0 leaves other graphs out.
    interpret, files
        Whether models are asked for the results in plain words, and where their answers come from or go to.
    """

    command: str
    data: str
    read: ReadOptions = field(default_factory=ReadOptions)
    graph: str | None = None
    query: Query = Query()
    wishes: Wishes = Wishes()
    simulations: int | None = None
    dowhy: bool = True
    draws: int = 1000
    interpret: bool = False
    files: AnswerFiles = AnswerFiles()

    def fingerprint(self) -> dict[str, Any]:
        """Give everything beyond table and graph that may change a result."""
        wishes = {name: _plain(value) for name, value in asdict(self.wishes).items()}
        ways = {"simulations": self.simulations, "dowhy": self.dowhy, "draws": self.draws}
        return {"effect": {"wishes": wishes, **ways, **({"interpret": True} if self.interpret else {})}}


class EffectJob:
    """One run that computes an effect, checked as far as it can be before the graph is known.

    Parameters
    ----------
    settings, options
        What to do.
    table
        Read already, or ``None`` to read it here.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a file is written.
    """

    def __init__(self, settings: Settings, options: EffectOptions, table: Table | None = None) -> None:
        self.settings, self.options = settings, options
        # With a graph at hand the numbers come at once; otherwise votes and a review come first, which may take long.
        self.reference = _start_dowhy() if options.dowhy and options.graph is not None else None
        self.notices: tuple[Notice, ...] = ()
        try:
            self._check(table)
        except BaseException:
            self.close()
            raise

    def _check(self, table: Table | None) -> None:
        options = self.options
        both(options.query)
        self.table = table if table is not None else read_table(options.data, options.read)
        check_query(options.query, self.table.profile)
        if options.interpret:
            can_ask(self.settings, options.files)
        check_refuters(options.wishes.refuters)
        for name in options.wishes.estimators:
            estimator_named(name)
        self.wishes = exact_wishes(options.wishes, self.table.profile.names)
        self._route: Route | None = None
        self.review: Review | None = None
        self.graph_source = SUGGESTED
        self.drawing: Drawing | None = None
        if options.graph is not None:
            text, where = read_text(options.graph)
            document = parse_file(text, where, options.graph)
            self.review = accept_file(document.graph, stamp_of(text, document.graph))
            self.graph_source = options.graph
            self.drawing = drawing_beside(options.graph, document.graph) if options.command == "analyze" else None
            self.notices = document.notices
            self._route = find_route(self._plan(self.review), self.table)
        elif self.wishes.contrast is None:  # said before anybody is asked for a graph
            from copilot.estimation.prepare.checks import require_contrast

            require_contrast(self.table.profile, both(options.query)[0])

    def _plan(
        self,
        review: Review,
        suspected: tuple[str, ...] = (),
        findings: tuple[Finding, ...] = (),
        drawing: Drawing | None = None,
    ) -> EffectPlan:
        return EffectPlan(
            review=review,
            graph_source=self.graph_source,
            query=self.options.query,
            wishes=self.wishes,
            seed=self.settings.seed,
            simulations=self.options.simulations,
            jobs=self.settings.jobs,
            refute=self.options.command != "estimate",
            suspected=suspected,
            findings=findings,
            drawing=drawing,
            draws=self.options.draws if self.options.command == "analyze" else 0,
        )

    def _criticised(self, review: Review, progress: Progress) -> tuple[Finding, ...]:
        """Look at the accepted graph before anything is estimated from it; `analyze` alone does."""
        if self.options.command != "analyze":
            return ()
        from copilot.workflow.critique import CritiquePlan, critique_by_data, critique_by_graph

        plan = CritiquePlan(
            graph=review.graph, source=self.graph_source, query=self.options.query, seed=self.settings.seed
        )
        by_graph = critique_by_graph(plan, self.table.profile.names, {})
        return critique_by_data(plan, by_graph, self.table, progress).findings

    @property
    def said_of_the_table(self) -> tuple[Notice, ...]:
        """What was said while the table was read, as loudly as the graph makes it matter."""
        if self.review is None or self._route is None:
            return self.table.profile.notices
        return tuple(of_reading(self._plan(self.review), self._route.graph, self.table))

    @property
    def run_id(self) -> str:
        """Name the run by what it computes; known once the graph is."""
        options, read = self.options, self.options.read
        if self.review is None:
            raise UsageError("the run has no graph yet")
        return run_id_of(
            {
                "command": options.command,
                "data": self.table.profile.sha256,
                "read": [read.encoding, read.delimiter, read.decimal, read.max_profile_rows, list(read.missing)],
                "graph": self.review.graph.content_hash,
                "query": options.query.model_dump(mode="json"),
                "seed": self.settings.seed,
                "votes": self.drawing is not None,
                **options.fingerprint(),
                **(answers_fingerprint(self.settings, options.files) if options.interpret else {}),
            }
        )

    def run(
        self,
        folder: RunFolder,
        review: Review,
        *,
        run_id: str,
        arguments: Sequence[str],
        progress: Progress,
        usage: dict[str, Any] | None = None,
        suspected: tuple[str, ...] = (),
        drawing: Drawing | None = None,
        warn: Callable[[str], None] = lambda _text: None,
    ) -> Analysis:
        """Compute, and write each stage into the run's folder as it is done.

        Parameters
        ----------
        folder
            Of the run.
        review
            The accepted graph.
        run_id, arguments
            For manifest and report.
        progress
            Told of the long steps.
        usage
            What models have used before.
        suspected
            Unmeasured causes that ballots named and the graph leaves out.
        drawing
            The votes behind the graph, if there are any.
        warn
            Told of what goes wrong while models are asked for the results in plain words.
        """
        drawing = drawing or self.drawing
        if self.options.dowhy and self.reference is None:
            self.reference = _start_dowhy()
        run = Run(
            folder,
            command=self.options.command,
            run_id=run_id,
            arguments=arguments,
            settings=self.settings,
            profile=self.table.profile,
            query=self.options.query,
            done="complete",
            resumable=self.options.graph is None,
            usage=usage,
            earlier=self._calls_so_far(folder),
        )

        def keep(so_far: Analysis) -> None:
            folder.write_json(ANALYSIS, so_far.model_dump(mode="json"))

        try:
            with run:
                analysis = analyse(
                    self._plan(review, suspected, self._criticised(review, progress), drawing),
                    self.table,
                    route=self._route,
                    reference=self.reference,
                    progress=progress,
                    told=keep,
                )
                analysis = analysis.model_copy(update={"notices": (*self.notices, *analysis.notices)})
                self._write(folder, run_id, analysis)
                if self.options.interpret:
                    analysis = self._interpreted(analysis, run, run_id, progress, warn)
                    self._write(folder, run_id, analysis)
                if self.options.command == "analyze":
                    progress.start("Writing the report")
                    self._write_report(folder, run_id, analysis, drawing)
        finally:
            progress.done()
            self.close()
        approved = {"approved_by": review.approved_by, "reviewed": review.reviewed}
        folder.write_json(MANIFEST, {**folder.read_json(MANIFEST), **approved, "graph_hash": review.graph.content_hash})
        return analysis

    def _calls_so_far(self, folder: RunFolder) -> list[str]:
        if not self.options.interpret:
            return []
        from copilot.composition.interpret import calls_so_far

        return calls_so_far(folder, self.options.files)

    def _interpreted(
        self, analysis: Analysis, run: Run, run_id: str, progress: Progress, warn: Callable[[str], None]
    ) -> Analysis:
        from copilot.composition.interpret import read_results

        return read_results(
            analysis,
            analysis_json(self.options.command, run_id, analysis),
            settings=self.settings,
            files=self.options.files,
            run=run,
            profile=self.table.profile,
            progress=progress,
            warn=warn,
        )

    def _write(self, folder: RunFolder, run_id: str, analysis: Analysis) -> None:
        review = analysis.review
        if self.options.graph is not None:
            drawn = graph_text(review.graph, "dot", review=review, query=analysis.query)
            folder.write_text(DOT, drawn)
            folder.write_json(GRAPH, {"graph": graph_json(review.graph), "graph_hash": review.graph.content_hash})
            folder.write_json(DECISIONS, review.model_dump(mode="json", exclude={"graph"}))
            folder.write_json(PROFILE, profile_json(self.table.profile, review.graph.names))
        folder.write_json(ANALYSIS, analysis.model_dump(mode="json"))
        folder.write_json(REPORT, analysis_json(self.options.command, run_id, analysis))

    def _write_report(self, folder: RunFolder, run_id: str, analysis: Analysis, drawing: Drawing | None) -> None:
        """Write what one can send to a colleague."""
        from copilot import __version__
        from copilot.report.document.build import build_document
        from copilot.report.document.source import Provenance, Source
        from copilot.report.html.render import page
        from copilot.report.markdown import markdown

        profile = self.table.profile
        where = Provenance(
            run_id=run_id,
            seed=self.settings.seed,
            version=__version__,
            data=PurePath(profile.source).name,
            data_sha256=profile.sha256,
        )
        consensus = None if drawing is None else drawing.consensus
        document = build_document(Source(analysis, where, consensus))
        folder.write_text(MARKDOWN, markdown(document))
        folder.write_text(PAGE, page(document))

    def close(self) -> None:
        """Let DoWhy go."""
        if self.reference is not None:
            self.reference.close()


def _start_dowhy() -> Reference:
    """Let DoWhy begin to load, which takes seconds, while the table is read."""
    from copilot.estimation.reference.client import Reference

    return Reference.start()


def exact_wishes(wishes: Wishes, names: Sequence[str]) -> Wishes:
    """Turn what was typed into exact names of columns.

    Raises
    ------
    UnknownVariableError
        If a name is none of them.
    """
    from dataclasses import replace

    def one(name: str | None) -> str | None:
        return None if name is None else choose_names([name], names)[0]

    return replace(
        wishes,
        adjust=None if wishes.adjust is None else choose_names([text for text in wishes.adjust if text], names),
        instruments=choose_names(wishes.instruments, names),
        negative_controls=choose_names(wishes.negative_controls, names),
        negative_exposures=choose_names(wishes.negative_exposures, names),
        monotone_instrument=one(wishes.monotone_instrument),
        by=one(wishes.by),
        weights=one(wishes.weights),
        cluster=one(wishes.cluster),
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
