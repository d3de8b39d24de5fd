"""A graph is suggested on a terminal: what is said first, the votes, the review, and what is said last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from copilot.cli.shell import Shell
from copilot.domain.text import shown
from copilot.errors import UsageError

if TYPE_CHECKING:
    from copilot.composition.outcome import Outcome
    from copilot.composition.settings import Settings
    from copilot.composition.suggest import SuggestJob
    from copilot.data.runs import RunFolder
    from copilot.domain.review import Review
    from copilot.llm.completer import ChatRequest
    from copilot.workflow.review_session import ReviewSession
    from copilot.workflow.suggest_graph import Suggestion


def vote_and_review(shell: Shell, job: SuggestJob, folder: RunFolder, output: Path | None = None) -> Outcome:
    """Gather the votes, show them, hold the review on a terminal, and write everything.

    Returns
    -------
    Outcome
        With the review as it came out: by a person, by ``--yes``, or by nobody.
    """
    from copilot.composition.outcome import Outcome, write_outcome
    from copilot.report.edges_table import edges_table, summary

    arguments = shell.console.arguments
    suggestion = job.run(folder, arguments=arguments, progress=shell.console.progress(), warn=shell.console.warn)
    notices = (*job.study.notices, *suggestion.notices, *suggestion.consensus.notices)
    if not shell.quiet:
        shell.console.draw(edges_table(suggestion.consensus, shell.console.rich().width))
        shell.console.say(summary(suggestion.consensus))
    for notice in (*suggestion.notices, *suggestion.consensus.notices):
        _tell(shell, notice.level, notice.message)
    outcome = Outcome(
        run_id=job.run_id,
        query=job.study.query,
        profile=tuple(job.profile_json()),
        consensus=suggestion.consensus,
        review=_unseen(shell, job, suggestion),
        notices=notices,
    )
    if shell.console.interactive and not shell.yes:
        from copilot.cli.review_screen import review_on_screen, reviewer
        from copilot.workflow.review_session import Ending, ReviewSession

        def keep(session: ReviewSession, proposed: Outcome = outcome) -> None:
            write_outcome(replace(proposed, review=session.finish(Ending.KEEP)), folder)

        # What was voted stands in the folder before the first question, so that a review that breaks off loses nothing.
        write_outcome(outcome, folder)
        start = ReviewSession.start(suggestion.consensus, reviewer(), hanging=job.hanging(folder, outcome))
        outcome = replace(outcome, review=review_on_screen(shell.console, suggestion.consensus, start, keep=keep))
    write_outcome(outcome, folder, output)
    return outcome


def _unseen(shell: Shell, job: SuggestJob, suggestion: Suggestion) -> Review:
    from copilot.workflow.accept import accept_unseen

    least = job.plan.rules.min_support if job.options.accept_latents else None
    return accept_unseen(suggestion.consensus, yes=shell.yes, latent_support=least)


def say_first(shell: Shell, job: SuggestJob) -> None:
    """Say what the table holds, who votes, and what leaves this machine."""
    for column in job.profile_json():
        known = f"{column['kind']}, {column['distinct']} distinct, {column['missing_share']:.1%} missing"
        shell.console.detail(f"{shown(column['name'])}: {known}{'' if column['in_graph'] else ', not in the graph'}")
    for notice in job.study.notices:
        _tell(shell, notice.level, notice.message)
    shell.console.say(job.announcement())


def say_last(shell: Shell, outcome: Outcome, folder: RunFolder | None = None, output: Path | None = None) -> None:
    """Say what was suspected and left out; and, for a command that ends here, who accepted it and where it is."""
    from copilot.report.graph_file import acceptance

    review = outcome.review
    drawn = {edge.pair for edge in review.graph.edges if edge.kind == "bidirected"}
    for latent in outcome.consensus.latents:
        names = tuple(sorted(latent.affects))
        if any((a, b) not in drawn for a in names for b in names if a < b):
            shell.console.say(
                f"Suspected, and not in the graph: {latent.name}, which would affect "
                f"{', '.join(map(shown, latent.affects))} ({latent.votes} of {latent.valid} ballots)."
            )
    unclear = sum(1 for edge in review.graph.edges if edge.kind == "undirected")
    if unclear:
        shell.console.say(
            f"{unclear} edge{'s have' if unclear > 1 else ' has'} no direction yet: the review asks, and "
            "--tiers FILE says what comes before what."
        )
    if folder is None:
        return
    if review.approved_by is None:
        shell.console.say(
            f"Nobody has accepted this graph yet. Review it with: copilot review {folder.path}", style="bold"
        )
    else:
        said = acceptance(review)
        shell.console.say(f"{said[0].upper()}{said[1:]}; the graph is stamped so.", style="bold")
    shell.console.say(f"Everything this rests on: {folder.path}{f'; the graph: {output}' if output else ''}")


class Previewed(Protocol):
    """A job whose requests can be shown before any is sent."""

    @property
    def settings(self) -> Settings:
        """Of the run."""
        ...

    @property
    def run_id(self) -> str:
        """Of the run."""
        ...

    def announcement(self) -> str:
        """Say who is asked, and what leaves this machine."""
        ...

    def requests(self) -> list[ChatRequest]:
        """Make the requests without sending any."""
        ...


def preview(shell: Shell, job: Previewed, *, show_prompt: bool, focused: int = 0) -> None:
    """Print what would be sent, or how much of it; send nothing."""
    from copilot.composition.wiring import estimate

    requests = job.requests()
    guess = estimate(job.settings, requests)
    payload: dict[str, Any] = {
        "dry_run": True,
        "announcement": job.announcement(),
        "estimate": guess.model_dump(mode="json"),
        "focused_at_most": focused,
    }
    if show_prompt and requests:
        payload["first_request"] = [message.model_dump() for message in requests[0].messages]
    if shell.json:
        shell.emit(payload, run_id=job.run_id)
        return
    console = shell.console
    console.say(job.announcement().replace("Asking ", "Would ask ").replace(" Sent: ", " Would send: "))
    if show_prompt and requests:
        for message in requests[0].messages:
            console.result(f"[{message.role}]\n{message.content}\n")
        console.say(f"The first of {len(requests)} requests; the others differ in order, persona and wording.")
    if requests:
        console.result(_estimate_text(payload))
    else:
        console.result("No request would be sent.")


def _estimate_text(payload: dict[str, Any]) -> str:
    guess = payload["estimate"]
    low, high = (guess["prompt_tokens"][i] + guess["completion_tokens"][i] for i in (0, 1))
    cost = "cost unknown: no price for this model; one can be set under [prices] in copilot.toml"
    if guess["cost_usd"] is not None:
        cost = f"about ${guess['cost_usd'][0]:.4f} to ${guess['cost_usd'][1]:.4f}"
    extra = f", and up to {payload['focused_at_most']} more on contested pairs" if payload["focused_at_most"] else ""
    return f"{guess['calls']} requests{extra}; {low:,} to {high:,} tokens; {cost}. Nothing was sent."


def _tell(shell: Shell, level: str, message: str) -> None:
    if level == "warning":
        shell.console.warn(message)
    else:
        shell.console.say(message, style="dim")


def latents_accepted(value: str) -> bool:
    """Read ``--latents``.

    Raises
    ------
    UsageError
        If it is neither word.
    """
    if value in {"suggest", "accept"}:
        return value == "accept"
    raise UsageError(f"--latents cannot be {value!r}", advice="Say --latents suggest or --latents accept.")
