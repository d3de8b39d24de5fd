"""Options that several commands take together: how a table is read, what it means, and what is asked of an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.options import (
    Columns,
    Context,
    Decimal,
    Delimiter,
    Describe,
    Encoding,
    Exclude,
    Forbid,
    MissingTexts,
    Require,
    Tiers,
)

if TYPE_CHECKING:
    from copilot.composition.study import StudyOptions
    from copilot.data.tables import ReadOptions
    from copilot.domain.variables import Query


@dataclass(frozen=True)
class Reading:
    """How the table is read."""

    encoding: Encoding = None
    delimiter: Delimiter = None
    decimal: Decimal = None
    na: MissingTexts = None

    def options(self) -> ReadOptions:
        """Give them to the reader of tables."""
        from copilot.data.tables import ReadOptions

        return ReadOptions(
            encoding=self.encoding, delimiter=self.delimiter, decimal=self.decimal, missing=tuple(self.na or ())
        )


@dataclass(frozen=True)
class Words:
    """What the table is about, and what is known of its graph."""

    context: Context = None
    describe: Describe = None
    columns: Columns = None
    exclude: Exclude = None
    require: Require = None
    forbid: Forbid = None
    tiers: Tiers = None


@dataclass(frozen=True)
class EffectWishes:
    """What is asked of an effect beyond treatment and outcome."""

    adjust: Annotated[
        str | None,
        typer.Option("--adjust", metavar="NAMES", help="Adjust for exactly these; commas between; '' for none."),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Adjust so although the graph speaks against it.")] = False
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="backdoor|frontdoor|iv", help="Take this one of those the graph offers."),
    ] = None
    instrument: Annotated[
        list[str] | None, typer.Option("--instrument", metavar="NAME", help="Use this instrument; repeatable.")
    ] = None
    estimator: Annotated[
        list[str] | None,
        typer.Option("--estimator", metavar="NAME", help="Use this estimator; repeatable, the first is the headline."),
    ] = None
    target: Annotated[
        str, typer.Option("--target", metavar="ATE|ATT", help="Effect on everybody, or on the treated.")
    ] = "ATE"
    contrast: Annotated[
        str | None,
        typer.Option("--contrast", metavar="CONTROL,ACTIVE", help="Which two levels of the treatment are compared."),
    ] = None
    by: Annotated[str | None, typer.Option("--by", metavar="COLUMN", help="Also the effect within its groups.")] = None
    missing: Annotated[
        str,
        typer.Option("--missing", metavar="drop|indicator|multiple", help="What to do with missing covariates."),
    ] = "drop"
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="COLUMN", help="Sampling weights of the rows.")
    ] = None
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="COLUMN", help="Rows of one cluster depend on each other.")
    ] = None
    no_dowhy: Annotated[bool, typer.Option("--no-dowhy", help="Do not let DoWhy compute the headline as well.")] = False


@dataclass(frozen=True)
class Trials:
    """How an estimate is tried."""

    refuter: Annotated[
        list[str] | None, typer.Option("--refuter", metavar="NAME", help="Use this refuter; repeatable.")
    ] = None
    simulations: Annotated[
        int | None,
        typer.Option(
            "--simulations",
            metavar="N",
            min=10,
            max=100_000,
            help="For each refuter that simulates. [default: 100; 20 if the headline learns its shape]",
        ),
    ] = None
    negative_control: Annotated[
        list[str] | None,
        typer.Option(
            "--negative-control", metavar="NAMES", help="Outcomes the treatment cannot affect; commas or repeated."
        ),
    ] = None
    negative_exposure: Annotated[
        list[str] | None,
        typer.Option(
            "--negative-exposure",
            metavar="NAMES",
            help="Causes that cannot affect the outcome; with --negative-control, proximal estimation.",
        ),
    ] = None
    bounds: Annotated[bool, typer.Option("--bounds", help="Bounds also where the effect is identified.")] = False
    outcome_range: Annotated[
        str | None,
        typer.Option("--outcome-range", metavar="LOW,HIGH", help="What no outcome lies beyond, for bounds."),
    ] = None
    monotone_instrument: Annotated[
        str | None,
        typer.Option("--monotone-instrument", metavar="NAME", help="Mean outcomes rise or fall with it, for bounds."),
    ] = None


def study_options(
    data: str, query: Query, words: Words, reading: Reading, evidence: Sequence[str] | None = None
) -> StudyOptions:
    """Put together what the user said of table and question."""
    from copilot.composition.study import StudyOptions

    return StudyOptions(
        data=data,
        context=words.context or "",
        describe=words.describe,
        columns=tuple(words.columns or ()),
        exclude=tuple(words.exclude or ()),
        query=query,
        require=tuple(words.require or ()),
        forbid=tuple(words.forbid or ()),
        tiers=words.tiers,
        read=reading.options(),
        evidence=tuple(evidence or ()),
    )
