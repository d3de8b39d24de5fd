"""Options that commands share: written once, named the same everywhere.

The first seven are on every command without its asking (`copilot.cli.shell.open_shell` takes them); the others are
for annotating the parameters of commands; the tuples of settings at the end are for a module's ``SETTINGS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

Json = Annotated[bool, typer.Option("--json", help="Write one JSON object to standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only errors and warnings.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more; show tracebacks.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask; fail where a question would come.")]
Yes = Annotated[bool, typer.Option("--yes", help="Answer every yes-or-no question with yes.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Seed of every random choice. [COPILOT_SEED; default 0]"),
]
RunDir = Annotated[Path | None, typer.Option("--run-dir", metavar="DIR", help="Folder for the files of this run.")]

Treatment = Annotated[
    str | None, typer.Option("-t", "--treatment", metavar="NAME", help="Column whose effect is asked for.")
]
Outcome = Annotated[
    str | None, typer.Option("-o", "--outcome", metavar="NAME", help="Column it may have an effect on.")
]
LongOutcome = Annotated[str | None, typer.Option("--outcome", metavar="NAME", help="Column it may have an effect on.")]
"""For a command whose ``-o`` names a file."""
Context = Annotated[
    str | None, typer.Option("--context", metavar="TEXT|@FILE", help="What the data are about, in your own words.")
]
Replay = Annotated[
    Path | None, typer.Option("--replay", metavar="FILE", help="Answer from a recording; nothing is sent.")
]
Record = Annotated[Path | None, typer.Option("--record", metavar="FILE", help="Write a recording of all answers.")]
ShowPrompt = Annotated[bool, typer.Option("--show-prompt", help="Print what would be sent, and send nothing.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say how many requests, tokens and dollars, and send nothing.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]

Interpret = Annotated[
    bool,
    typer.Option("--interpret", help="Ask models for the results in plain words, checked against the numbers."),
]
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="CSV, TSV, gzip of them, or Parquet; - is stdin.")]
GraphOutput = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write the graph here: .dot, .json, .gml, .dagitty, .mmd."),
]
Describe = Annotated[
    str | None, typer.Option("--describe", metavar="FILE", help="What columns mean: YAML, CSV, JSON or TOML.")
]
Columns = Annotated[
    list[str] | None, typer.Option("--columns", metavar="NAMES", help="Only these columns; commas or repeated.")
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="NAMES", help="Not these columns; commas or repeated.")
]
Require = Annotated[
    list[str] | None, typer.Option("--require", metavar="A->B", help="An edge that must be in the graph.")
]
Forbid = Annotated[
    list[str] | None, typer.Option("--forbid", metavar="A->B", help="An edge that must not be in the graph.")
]
Tiers = Annotated[
    str | None, typer.Option("--tiers", metavar="FILE", help="Time order: YAML list of lists, or CSV name,tier.")
]
Evidence = Annotated[
    list[str] | None,
    typer.Option("--evidence", metavar="FILE", help="Text, Markdown or PDF that models may quote; repeatable."),
]
Latents = Annotated[
    str,
    typer.Option(
        "--latents", metavar="suggest|accept", help="Draw suspected unmeasured causes that win; a review asks anyway."
    ),
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of the table, such as latin-1.")
]
Delimiter = Annotated[str | None, typer.Option("--delimiter", metavar="CHAR", help="Separator of the table's cells.")]
Decimal = Annotated[
    str | None, typer.Option("--decimal", metavar="CHAR", help="Decimal sign of the table, . or a comma.")
]
MissingTexts = Annotated[
    list[str] | None,
    typer.Option("--na", metavar="TEXT", help="Cells with this text are missing; repeatable."),
]
AnsweredBy = Annotated[
    str, typer.Option("--answered-by", metavar="TEXT", help="Who answers, for the head of the recording.")
]
NotebookFile = Annotated[
    Path | None,
    typer.Option("--notebook", metavar="FILE", help="Write a notebook that redoes the number with DoWhy and pandas."),
]
Answers = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="calls.jsonl of an earlier run; only the rest is asked."),
]

MODEL_SETTINGS = (
    *("models", "base_url", "temperature", "max_tokens", "share"),
    *("concurrency", "deadline_s", "max_cost", "cache", "prompts_dir"),
)
"""For a command that asks a model."""
VOTE_SETTINGS = ("voters", "votes", "max_votes", "challenge", "min_support", "quorum", "resamples", "jobs")
"""For a command that votes on a graph."""


def setting_options(names: Sequence[str]) -> tuple[Parameter, ...]:
    """Make the flags of settings; their values stay text, and `load_settings` checks them as it does all sources."""
    from copilot.composition.settings import SPECS

    found = []
    for spec in SPECS:
        if spec.name in names and spec.flag:
            many = spec.name == "models"
            hint = f"{', '.join(spec.env)}{f'; default {spec.default}' if spec.default not in (None, ()) else ''}"
            option = typer.Option(
                spec.flag,
                metavar=_metavar(spec.annotation),
                show_default=False,
                help=f"{spec.about.help}. [{hint}]",
            )
            kind: Any = list[str] if many else str
            found.append(
                Parameter(spec.name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])
            )
    return tuple(found)


def _metavar(annotation: Any) -> str:
    """Say on the help screen what a flag takes."""
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    kinds = {annotation, *get_args(annotation)}
    return next((word for kind, word in ((int, "N"), (float, "NUMBER"), (Path, "PATH")) if kind in kinds), "TEXT")
