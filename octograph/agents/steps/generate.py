"""The chosen worker answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from octograph.agents.events import Generated, StepName, StepStarted, TextWritten
from octograph.agents.noting import noted, timed
from octograph.agents.state import State, asked, shown
from octograph.agents.steps.evaluate import Evaluation, Verdict
from octograph.agents.steps.step import Emit
from octograph.agents.turn import Turn, as_messages
from octograph.agents.workings import paths_kept
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.generation import Finish, Message, TextDelta
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.worker import Evidence, Outcome, Task, Worker
from octograph.retrieval.support import supporting

__all__ = ["GenerateStep"]


UNSUPPORTED = "what it wrote is not in your documents"
MISSING = "your documents do not say"


class GenerateStep:
    """Has a worker write its answer, and keeps what it wrote, also when it is cancelled.

    An answer from documents is shown once it is known to stand there, and names the passages that it rests on. That of
    a worker with a threshold is shown once it was evaluated. A model's answer is evaluated here and not in a step of
    its own, since all that is needed is in the model's cache and would bloat a checkpoint.

    Parameters
    ----------
    workers
        By name.
    evaluation
        Tells how sure one may be of their answers.

    """

    name: StepName = "generate"

    def __init__(self, workers: Mapping[str, Worker], evaluation: Evaluation) -> None:
        self._workers = workers
        self._evaluation = evaluation

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        name = state["worker"]
        if name is None or cancel.cancelled:
            return {"draft": _draft(finish="cancelled")}
        emit(StepStarted(step="generate", worker=name))
        started = time.perf_counter()
        evidence, withheld = state["evidence"], self._evaluation.withholds(name)
        outcome = Outcome(finish="stop", source="model")
        text, problem = "", None
        citations: list[dict[str, Any]] = []
        if evidence is not None and not evidence:
            problem = state["lacking"]
        else:
            shown = evidence is None and not withheld
            text, outcome, problem = await self._run(name, _task(state), emit, cancel, shown=shown)
        if (evidence or withheld) and outcome.finish == "cancelled":
            text = ""  # nobody knows whether it stands in the documents, or how sure one may be of it
        elif evidence and problem is None:
            missing = text == NOT_FOUND
            text, citations = ("", []) if missing else _cited(text, state, evidence)
            if citations and not withheld:
                emit(TextWritten(worker=name, text=text))
            elif not citations:
                text, problem, citations = "", MISSING if missing else UNSUPPORTED, evidence
        generated = Generated(
            worker=name,
            finish=outcome.finish,
            source=outcome.source,
            seconds=time.perf_counter() - started,
            generation=outcome.generation,
            problem=problem,
            paths=outcome.paths,
        )
        emit(generated)
        verdict, finish = Verdict(), outcome.finish
        if problem is None and finish != "cancelled":
            verdict = await self._evaluation(name, outcome.answered, emit=emit, cancel=cancel)
            if withheld and cancel.cancelled:
                text, finish = "", "cancelled"
            elif withheld and verdict.problem is None:
                emit(TextWritten(worker=name, text=text))
        seconds: dict[StepName, float] = {"generate": generated.seconds}
        if verdict.score is not None:
            seconds["evaluate"] = verdict.seconds
        written = 0 if outcome.generation is None else outcome.generation.completion_tokens
        return {
            "spent": state["spent"] + written,
            "draft": _draft(
                text=text,
                finish=finish,
                source=outcome.source,
                problem=problem or verdict.problem,
                citations=citations,
                score=verdict.score,
                value=outcome.value,
            ),
            "workings": noted(
                state,
                name,
                paths=paths_kept(outcome.paths, text) or None,
                source=outcome.source,
                generation=None if outcome.generation is None else asdict(outcome.generation),
                score=verdict.score,
                tau=verdict.tau,
                score_kind=verdict.kind,
                problem=problem or verdict.problem,
            ),
            "times": timed(state, seconds),
        }

    async def _run(
        self, name: str, task: Task, emit: Emit, cancel: CancelToken, *, shown: bool
    ) -> tuple[str, Outcome, str | None]:
        """Let a worker write; its text, how it ended, and what is wrong with it. What failed is no answer: no text."""
        pieces: list[str] = []
        outcome: Outcome | None = None
        try:
            async for piece in self._workers[name].run(task, cancel=cancel):
                if not isinstance(piece, TextDelta):
                    outcome = piece
                    continue
                pieces.append(piece.text)
                if shown:
                    emit(TextWritten(worker=name, text=piece.text))
        except ToolError as error:
            return "", outcome or Outcome(finish="stop", source="tool"), error.message
        text = "".join(pieces).strip()
        outcome = outcome or Outcome(finish="cancelled", source="model")
        return text, outcome, None if text or outcome.finish == "cancelled" else "it wrote nothing"


def _draft(
    *,
    text: str = "",
    finish: Finish,
    source: str | None = None,
    problem: str | None = None,
    citations: Sequence[Mapping[str, Any]] = (),
    score: float | None = None,
    value: str | None = None,
) -> dict[str, Any]:
    return {
        "text": text,
        "finish": finish,
        "source": source,
        "problem": problem,
        "citations": list(citations),
        "score": score,
        "value": value,
    }


def _cited(text: str, state: State, evidence: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The text with the numbers of the passages that it rests on, and those passages; none if no passage has it."""
    places = supporting(text, asked(state), [f"{hit['title']}\n{hit['text']}" for hit in evidence])
    before = sum(len(one["citations"]) for one in state["done"])
    marks = "".join(f"[{before + number}]" for number in range(1, len(places) + 1))
    return f"{text} {marks}", [evidence[place] for place in places]


def _task(state: State) -> Task:
    """What the worker is given: its step of the plan, with the steps before it as the conversation went on."""
    done = state["done"]
    before = [
        message
        for one in done
        for message in (Message(role="user", content=one["query"]), Message(role="assistant", content=one["text"]))
    ]
    return Task(
        query=asked(state),
        history=(*as_messages([Turn.from_document(turn) for turn in shown(state)]), *before),
        result=done[-1]["text"] if done else None,
        value=done[-1]["value"] if done else None,
        structure=None if state["structure"] is None else ReasoningStructure.from_document(state["structure"]),
        evidence=tuple(
            Evidence(text=hit["text"], title=hit["title"], weight=hit["weight"]) for hit in state["evidence"] or ()
        ),
    )
