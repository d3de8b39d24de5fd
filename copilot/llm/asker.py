"""Asking many questions at once, with one repair turn each, and keeping what cannot be read as abstentions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pydantic

from copilot.domain.text import one_line
from copilot.domain.votes import Abstention, AbstentionReason, Voter
from copilot.errors import BudgetError, CopilotError, ProviderError
from copilot.llm.cache import AnswerCache, cache_key
from copilot.llm.calls import CallRecord
from copilot.llm.completer import ChatRequest, Completer, Completion, Message, TokenUsage, Witness, is_offline
from copilot.llm.meter import UsageMeter
from copilot.llm.replies import ReplyError, explain, read_json

__all__ = ["Asker", "CallRecord", "Question"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_LONGEST_SENT_BACK = 20_000
_LONGEST_KEPT = 20_000
_CANCELLED = "cancelled"
_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Question(Generic[T_co]):
    """One request and how its reply is read.

    Parameters
    ----------
    request
        What is sent.
    voter
        Who is asked.
    read
        From the parsed JSON object to a value; raises `ReplyError` or `pydantic.ValidationError` if the object does
        not follow the schema.
    """

    request: ChatRequest
    voter: Voter
    read: Callable[[Any], T_co]


class Asker:
    """Ask questions of whoever answers.

    Parameters
    ----------
    completer
        Who answers.
    repair
        Makes the message of the repair turn out of one line on what was wrong.
    cache
        Valid replies of earlier runs, or ``None``.
    meter
        Counts usage and holds the spending limit.
    log
        Is given the record of every question for which anything was sent or looked up, also of those cut short.
    concurrency
        Questions in flight at once.
    base_url
        Of the endpoint, for the cache.
    """

    def __init__(
        self,
        completer: Completer,
        *,
        repair: Callable[[str], str],
        cache: AnswerCache | None = None,
        meter: UsageMeter,
        log: Callable[[CallRecord], None] | None = None,
        concurrency: int = 8,
        base_url: str = "",
    ) -> None:
        self._completer = completer
        self._repair = repair
        self._cache = cache
        self._meter = meter
        self._log = log
        self._concurrency = concurrency
        self._base_url = base_url
        self._places: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None
        self._numbers = itertools.count()

    async def ask_all(
        self,
        questions: Sequence[Question[T]],
        on_done: Callable[[T | Abstention], None] | None = None,
    ) -> tuple[T | Abstention, ...]:
        """Ask all questions together.

        Parameters
        ----------
        questions
            In any order.
        on_done
            Called with each outcome as it comes in, for progress.

        Returns
        -------
        tuple
            Values and abstentions in the order of the questions.

        Raises
        ------
        CopilotError
            If something concerns all of them: the key, the model, the quota, the spending limit, a recording without
            the answer. The others are stopped at once, but at the spending limit questions that have begun are brought
            to their end, since they are paid for. A `ProviderError` also if every single question failed.
        """
        running = _Running()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._take_turn(question, running, on_done)) for question in questions]
        except BaseExceptionGroup as errors:
            first = _first_error(errors)
            raise first from first.__cause__
        if running.used_up is not None:
            raise running.used_up
        outcomes = tuple(task.result() for task in tasks)
        if running.faults and len(running.faults) == len(questions):
            raise _all_failed(running.faults)
        return outcomes

    async def _take_turn(
        self, question: Question[T], running: _Running, on_done: Callable[[T | Abstention], None] | None
    ) -> T | Abstention:
        async with self._semaphore():
            if running.stopped:
                # After an error the group cancels this task as well, but only when it would have sent its request.
                raise asyncio.CancelledError
            try:
                outcome = await self._ask(question, running)
                if on_done is not None:
                    on_done(outcome)
            except BudgetError as error:
                running.used_up = running.used_up or error
                # A group lets the others go on when a task is cancelled, unlike when it fails.
                raise asyncio.CancelledError from error
            except BaseException:
                running.failed = True
                raise
            return outcome

    async def _ask(self, question: Question[T], running: _Running) -> T | Abstention:
        cached = self._look_up(question, running)
        if cached is not None:
            return cached[0]
        turn = _Turn(question.request, running, next(self._numbers))
        try:
            answer, outcome = await self._answer(question, turn)
        except ProviderError as error:
            if error.fatal:
                self._note_cut_short(question, turn, error)
                raise
            running.faults.append(error)
            detail = one_line(f"{error.message}. {error.reason}" if error.reason else error.message)
            return self._conclude(
                question, turn, Abstention(voter=question.voter, reason=AbstentionReason.FAULT, detail=detail)
            )
        except BaseException as error:
            self._note_cut_short(question, turn, error)
            raise
        if isinstance(outcome, _Unreadable):
            problem = one_line(outcome.problem)
            outcome = Abstention(voter=question.voter, reason=AbstentionReason.UNREADABLE, detail=problem)
        elif not isinstance(outcome, Abstention) and self._cache is not None and answer.served_by == "live":
            self._cache.put(cache_key(self._base_url, question.request.key), answer)
        return self._conclude(question, turn, outcome)

    async def _answer(self, question: Question[T], turn: _Turn) -> tuple[Completion, T | Abstention | _Unreadable]:
        """Complete and read a question, with one repair turn if the reply cannot be read."""
        answer = await self._complete_whole(turn, question.request)
        outcome = _read(question, answer)
        if isinstance(outcome, _Unreadable):
            turn.rejected = answer.text
            again = _sent_back(question.request, answer, self._repair(outcome.problem))
            answer = await self._complete_whole(turn, again)
            outcome = _read(question, answer)
        return answer, outcome

    def _look_up(self, question: Question[T], running: _Running) -> tuple[T] | None:
        """Read the cached reply; one that cannot be read any more is asked for anew."""
        answer = None if self._cache is None else self._cache.get(cache_key(self._base_url, question.request.key))
        if answer is None:
            return None
        value = _read(question, answer)
        if isinstance(value, Abstention | _Unreadable):
            return None
        self._meter.count_cached()
        if isinstance(self._completer, Witness):
            self._completer.witness(question.request, answer)
        turn = _Turn(question.request, running, answers=[answer])
        self._conclude(question, turn, value)
        return (value,)

    async def _complete_whole(self, turn: _Turn, request: ChatRequest) -> Completion:
        """Complete a request; if the user's own limit cut the reply off, once more with twice that limit."""
        answer = await self._complete(turn, request)
        limits = {name: request.parameters[name] for name in _TOKEN_LIMITS if name in request.parameters}
        if answer.finish_reason == "length" and limits:
            doubled = {**request.parameters, **{name: 2 * int(limit) for name, limit in limits.items()}}
            answer = await self._complete(turn, request.model_copy(update={"parameters": doubled}))
        return answer

    async def _complete(self, turn: _Turn, request: ChatRequest) -> Completion:
        if is_offline(self._completer, request):
            answer = await self._completer.complete(request)
            self._meter.count_replayed()
        else:
            answer = await self._complete_live(turn, request)
        turn.answers.append(answer)
        return answer

    async def _complete_live(self, turn: _Turn, request: ChatRequest) -> Completion:
        reservation = await self._meter.reserve(request, turn.place)
        if turn.must_not_send:
            self._meter.release(reservation)
            raise asyncio.CancelledError
        try:
            answer = await self._completer.complete(request)
        except ProviderError as error:
            turn.lost_attempts += error.attempts
            self._meter.release(reservation, error.attempts)
            raise
        except BaseException:
            # How often it was sent is not told; what is cut short is billed all the same.
            turn.lost_attempts += 1
            self._meter.release(reservation, 1)
            raise
        self._meter.settle(reservation, answer)
        return answer

    def _note_cut_short(self, question: Question[T], turn: _Turn, error: BaseException) -> None:
        """Log what was sent for a question that is given up."""
        if self._log is not None and turn.has_sent:
            why = one_line(error.message) if isinstance(error, CopilotError) else "the run stopped"
            self._log(turn.record(question.voter, None).model_copy(update={"outcome": _CANCELLED, "error": why}))

    def _conclude(self, question: Question[T], turn: _Turn, outcome: T | Abstention) -> T | Abstention:
        if self._log is not None:
            self._log(turn.record(question.voter, outcome))
        return outcome

    def _semaphore(self) -> asyncio.Semaphore:
        """Give the one semaphore of the running event loop: a semaphore cannot serve two."""
        loop = asyncio.get_running_loop()
        if self._places is None or self._places[0] is not loop:
            self._places = (loop, asyncio.Semaphore(self._concurrency))
        return self._places[1]


@dataclass(slots=True)
class _Running:
    """What the questions asked together share."""

    failed: bool = False
    """Nothing may be sent any more."""
    used_up: BudgetError | None = None
    """No question may begin any more."""
    faults: list[ProviderError] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return self.failed or self.used_up is not None


@dataclass(slots=True)
class _Turn:
    """One question on its way."""

    request: ChatRequest
    running: _Running
    place: int = 0
    answers: list[Completion] = field(default_factory=list)
    rejected: str = ""
    lost_attempts: int = 0

    @property
    def has_sent(self) -> bool:
        return bool(self.answers) or self.lost_attempts > 0

    @property
    def must_not_send(self) -> bool:
        return self.running.failed or (self.running.stopped and not self.has_sent)

    def record(self, voter: Voter, outcome: object) -> CallRecord:
        last = self.answers[-1] if self.answers else Completion(text="", finish_reason=None)
        valid = not isinstance(outcome, Abstention)
        return CallRecord(
            task=self.request.task,
            prompt_version=self.request.prompt_version,
            voter=voter,
            key=self.request.key,
            messages=self.request.messages,
            text=last.text if valid else last.text[:_LONGEST_KEPT],
            rejected=self.rejected[:_LONGEST_KEPT],
            finish_reason=last.finish_reason,
            model=last.model,
            usage=_sum_usage(self.answers),
            attempts=sum(answer.attempts for answer in self.answers) + self.lost_attempts,
            served_by=last.served_by,
            outcome=outcome.reason.value if isinstance(outcome, Abstention) else "valid",
            error=outcome.detail if isinstance(outcome, Abstention) else "",
        )


@dataclass(frozen=True, slots=True)
class _Unreadable:
    problem: str


def _read(question: Question[T], answer: Completion) -> T | Abstention | _Unreadable:
    reason, detail = None, ""
    if answer.refusal or answer.finish_reason == "content_filter":
        reason, detail = AbstentionReason.REFUSED, one_line(answer.refusal or "stopped by the provider's filter")
    elif answer.finish_reason == "length":
        reason, detail = AbstentionReason.CUT_OFF, "cut off by the length limit; raise --max-tokens"
    elif not answer.text.strip():
        reason, detail = AbstentionReason.EMPTY, "the reply is empty"
    if reason is not None:
        return Abstention(voter=question.voter, reason=reason, detail=detail)
    try:
        return question.read(read_json(answer.text))
    except (ReplyError, pydantic.ValidationError) as error:
        return _Unreadable(explain(error))


def _sent_back(request: ChatRequest, answer: Completion, instruction: str) -> ChatRequest:
    """Continue the conversation with the reply and a word on what is wrong with it."""
    reply = Message(role="assistant", content=answer.text[:_LONGEST_SENT_BACK])
    turns = (*request.messages, reply, Message(role="user", content=instruction))
    return request.model_copy(update={"messages": turns})


def _sum_usage(answers: Sequence[Completion]) -> TokenUsage:
    def total(counts: list[int | None]) -> int | None:
        known = [count for count in counts if count is not None]
        return sum(known) if known and len(known) == len(counts) else None

    return TokenUsage(
        prompt_tokens=total([answer.usage.prompt_tokens for answer in answers]),
        completion_tokens=total([answer.usage.completion_tokens for answer in answers]),
    )


def _first_error(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Choose one of the errors: ours before a bug's, the first before later ones."""
    ours, others = errors.split(CopilotError)
    chosen: BaseException = others or errors if ours is None else ours
    while isinstance(chosen, BaseExceptionGroup):
        chosen = chosen.exceptions[0]
    return chosen


def _all_failed(faults: Sequence[ProviderError]) -> ProviderError:
    first = faults[0]
    if len(faults) == 1:
        return first
    return ProviderError(
        f"none of {len(faults)} requests was answered: {first.message}",
        reason=first.reason,
        advice=first.advice,
        attempts=sum(fault.attempts for fault in faults),
    )
