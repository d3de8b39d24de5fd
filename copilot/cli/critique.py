"""``copilot critique``: what is doubtful about a graph, by its own algebra, by data, and by votes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copilot.cli.bundles import Reading
from copilot.cli.options import (
    MODEL_SETTINGS,
    AnsweredBy,
    Answers,
    Context,
    Describe,
    DryRun,
    Outcome,
    Record,
    Replay,
    ShowPrompt,
    Tiers,
    Treatment,
)
from copilot.cli.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from copilot.composition.critique import CritiqueJob
    from copilot.data.graph_files import Circles
    from copilot.data.runs import RunFolder
    from copilot.domain.findings import Finding, Severity
    from copilot.domain.variables import Query
    from copilot.workflow.critique import Critique

NAME = "critique"
SUMMARY = "Say what is doubtful about a graph, and what would mend it."
SETTINGS = (*MODEL_SETTINGS, "voters", "votes", "min_support", "quorum")
_FORMATS = {name: name for name in ("text", "json", "md", "sarif")}
_GATE_FAILED, _NOT_USABLE = 3, 2
_MOST_SHOWN = 20


@dataclass(frozen=True)
class Findings:
    """What becomes of the findings."""

    fail_on: Annotated[
        str | None, typer.Option("--fail-on", metavar="low|medium|high", help="Exit 3 if a finding is as bad as this.")
    ] = None
    form: Annotated[
        str, typer.Option("--format", metavar="text|json|md|sarif", help="How findings are written to stdout.")
    ] = "text"
    apply: Annotated[bool, typer.Option("--apply", help="Go through the patches, one key each; write a graph.")] = False
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where --apply writes the changed graph.")
    ] = None


@dataclass(frozen=True)
class Critics:
    """Where the critics' answers come from, and where they go."""

    replay: Replay = None
    record: Record = None
    answered_by: AnsweredBy = ""
    answers: Answers = None
    show_prompt: ShowPrompt = False
    dry_run: DryRun = False


def run(
    shell: Shell,
    graph: Annotated[str, typer.Argument(metavar="GRAPH", help="DOT, dagitty, GML or JSON; - is stdin.")],
    *,
    data: Annotated[
        str | None, typer.Option("--data", metavar="FILE", help="Hold the graph against this table.")
    ] = None,
    treatment: Treatment = None,
    outcome: Outcome = None,
    adjust: Annotated[
        str | None,
        typer.Option("--adjust", metavar="NAMES", help="The set you mean to adjust for; commas between; '' for none."),
    ] = None,
    context: Context = None,
    describe: Describe = None,
    tiers: Tiers = None,
    falsify: Annotated[
        float,
        typer.Option(
            "--falsify-seconds", metavar="N", min=0, max=86_400, help="Limit for the test of the whole graph; 0: none."
        ),
    ] = 30.0,
    wanted: Findings = Findings(),
    reading: Reading = Reading(),
    critics: Critics = Critics(),
) -> int | None:
    """Look for what is wrong with a graph before anybody relies on it; each finding has its evidence and a patch.

    The graph's own algebra and, with --data, the data speak without any model. With a model, critics who see every
    arrow vote on what is missing, spurious or reversed. Nothing is changed unless you say so with --apply.

    Examples
    --------
      $ copilot critique graph.dot -t smoking -o cancer
      $ copilot critique graph.dot --data study.csv -t smoking -o cancer --context @notes.md
      $ copilot critique graph.dot --data study.csv --fail-on high --format sarif
      $ copilot critique graph.dot --data study.csv --apply --output better.dot
    """
    from copilot.cli.suggesting import preview
    from copilot.composition.critique import CritiqueJob, CritiqueOptions
    from copilot.composition.wiring import AnswerFiles
    from copilot.data.graph_files import Circles, graph_or_circles
    from copilot.data.runs import RunFolder
    from copilot.domain.variables import Query

    gate, form = _checked(shell, wanted, critics)
    query = Query(treatment=treatment, outcome=outcome)
    document = graph_or_circles(graph)
    if isinstance(document, Circles):
        return _circles(shell, document, graph, form, query)
    options = CritiqueOptions(
        graph=graph,
        data=data,
        read=reading.options(),
        query=query,
        adjust=adjust,
        context=context or "",
        describe=describe,
        tiers=tiers,
        falsify_s=falsify,
        files=AnswerFiles(
            replay=critics.replay, record=critics.record, answered_by=critics.answered_by, earlier=critics.answers
        ),
    )
    job = CritiqueJob(shell.settings(), options, document)
    if critics.show_prompt or critics.dry_run:
        preview(shell, job, show_prompt=critics.show_prompt)
        return None
    shell.console.say(job.announcement())
    folder, console = RunFolder.make(job.run_id, shell.run_dir), shell.console
    found = job.run(folder, arguments=console.arguments, progress=console.progress(), warn=console.warn)
    _tell(shell, found, folder)
    _write(shell, found.findings, graph, form, payload={**job.payload(found), "usage": job.usage}, run_id=job.run_id)
    if wanted.apply:
        _apply(shell, job, found, folder, wanted.output)
    return _gate(shell, found.findings, gate)


def _checked(shell: Shell, wanted: Findings, critics: Critics) -> tuple[Severity | None, str]:
    """Give the gate and the form; refuse what cannot be done before anything is read or paid for."""
    from copilot.cli.effect import word
    from copilot.cli.patching import check_somebody
    from copilot.cli.places import check_output, check_place
    from copilot.domain.findings import Severity

    gate = None if wanted.fail_on is None else word("--fail-on", wanted.fail_on, {one.value: one for one in Severity})
    form = "json" if shell.json else word("--format", wanted.form, _FORMATS)
    check_output("--output", wanted.output)
    check_place("--record", critics.record, [critics.replay, critics.answers])
    if wanted.apply and not (critics.show_prompt or critics.dry_run):
        check_somebody(shell)
    return gate, form


def _circles(shell: Shell, circles: Circles, graph: str, form: str, query: Query) -> int:
    """Show the circles of a file that is no causal graph; nothing beyond them can be looked at."""
    from copilot.checks.graph_findings import circle_findings
    from copilot.report.critique import critique_json

    findings = circle_findings(circles.cycles, circles.loops)
    left = "Everything else: until these are mended the file is no causal graph."
    payload = critique_json(findings, query, turnout=None, left_out=[left], notices=(), graph_hash=None)
    if form != "text":
        for one in findings:
            shell.console.insist(one.message, label="Error: ", style="bold red")
    shell.console.insist(left, label="Not looked at: ")
    _write(shell, findings, graph, form, payload=payload, run_id=None)
    return _NOT_USABLE


def _tell(shell: Shell, found: Critique, folder: RunFolder) -> None:
    from copilot.cli.effect import tell

    for notice in found.notices:
        tell(shell, notice.level, notice.message)
    for text in found.left_out:
        shell.console.say(text, label="Not looked at: ", style="dim")
    if found.turnout is not None:
        turnout = found.turnout
        lost = f", {turnout.abstained} abstained" if turnout.abstained else ""
        shell.console.say(
            f"{turnout.valid} of {turnout.asked} critics counted{lost}. Agreement is no evidence of truth."
        )
    if found.findings:
        shell.console.say("What a kind means: `copilot explain KIND`.", style="dim")
    shell.console.say(f"Everything this rests on: {folder.path}")


def _write(
    shell: Shell, findings: Sequence[Finding], graph: str, form: str, *, payload: dict[str, Any], run_id: str | None
) -> None:
    """Write the result itself, in the form that was asked for."""
    from copilot.report.critique import count_line, findings_markdown, findings_sarif, findings_view

    console = shell.console
    if form == "json":
        shell.emit(payload, run_id=run_id)
    elif form == "sarif":
        console.emit_json(findings_sarif(findings, graph))
    elif form == "md":
        console.result(findings_markdown(findings, graph, payload["left_out"]))
    else:
        listed = findings if shell.verbose else findings[:_MOST_SHOWN]
        if listed:
            console.draw(findings_view(listed), result=True)
        if len(listed) < len(findings):
            console.result(f"… and {len(findings) - len(listed)} more, none worse: -v shows all.")
        console.result(count_line(findings))


def _apply(shell: Shell, job: CritiqueJob, found: Critique, folder: RunFolder, output: Path | None) -> None:
    from copilot.cli.patching import walk_patches
    from copilot.data.atomic import write_atomic
    from copilot.data.graph_files import format_of
    from copilot.report.graph_file import graph_text
    from copilot.workflow.accept import propose

    graph, taken = walk_patches(shell, job.plan.graph, found.findings)
    place = output if output is not None else folder.path / "patched.dot"
    form = format_of(str(place))
    text = graph_text(graph, form, review=propose(graph), query=found.query)
    write_atomic(place, text)
    shell.console.insist(
        f"{taken} patch{'' if taken == 1 else 'es'} applied; the graph is in {place}. Nobody has accepted it yet."
    )


def _gate(shell: Shell, findings: Sequence[Finding], gate: Severity | None) -> int | None:
    from copilot.domain.findings import Severity

    if gate is None:
        return None
    bad = [one for one in findings if one.severity.rank >= gate.rank]
    if not bad:
        return None
    many = "1 finding is" if len(bad) == 1 else f"{len(bad)} findings are"
    worse = "" if gate is Severity.HIGH else " or worse"
    shell.console.insist(f"{many} {gate.value}{worse} (--fail-on {gate.value}).", style="bold")
    return _GATE_FAILED
