"""Everything that there is to tell about one turn: a value, folded from the turn's events or read from a thread.

How it is folded stands in folding.py, which imports the agents; this module does not, see octograph.tui.backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octograph.agents import Citation, Decided, Event, Turn
    from octograph.agents.events import ScoreKind, StepName
    from octograph.agents.turn import Source, Status
    from octograph.agents.workings import Ranking, UsedStructure
    from octograph.nodes.generation import Generation
    from octograph.nodes.worker import AnswerPath
    from octograph.retrieval.passage import Hit

__all__ = ["Account", "Candidate", "PlanStep", "Routing", "Sureness", "Try"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody whom the master could have chosen.

    Attributes
    ----------
    worker
        Who; None for "no worker fits".
    probability
        That the query is theirs.
    chance
        Of success, where the route was chosen by outcomes.

    """

    worker: str | None
    probability: float
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """A step of a plan: who does it, what it asks, and how probable that worker was."""

    worker: str
    query: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What the master decided.

    Attributes
    ----------
    worker
        The chosen worker, of a plan that of the first step; None if no worker fits.
    token
        The functional tokens that lead there.
    probability
        Of that worker, or that none fits.
    candidates
        Everybody, the likeliest first.
    reformulated
        The query as the worker gets it.
    plan
        The steps, if there are several.

    """

    worker: str | None
    token: str
    probability: float
    candidates: tuple[Candidate, ...]
    reformulated: str
    plan: tuple[PlanStep, ...] = ()

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that was chosen."""
        return next((one for one in self.candidates if one.worker == self.worker), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How sure one may be of an answer.

    Attributes
    ----------
    g
        Its selection score, in nats.
    tau
        The least that is taken; None if everything is, or if the turn is of a version that did not keep it.
    kind
        What the score rests on, None if the turn is of such a version.

    """

    g: float
    tau: float | None = None
    kind: ScoreKind | None = None

    @property
    def enough(self) -> bool:
        """Whether the score reaches what is required."""
        return self.tau is None or self.g >= self.tau


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A worker that was asked, and what came of it.

    Attributes
    ----------
    worker
        Who.
    place
        For which step of the plan, counted from 1.
    hits
        The passages that were found for it; None if it reads no documents, or the turn is of a version that did not
        keep them.
    structured
        The reasoning structure that it fills, or why there is none; None if it asks for none.
    text
        What it wrote, as far as that is known.
    pieces
        In how many pieces that came, about a token each.
    source
        Whether it is a model or a tool, once that is known.
    generation
        Counts and times; None for a tool, or if they are not known.
    paths
        The texts that it weighed.
    sureness
        How sure one may be of the answer; None if it was not evaluated.
    problem
        What is wrong with the answer.
    taken
        Whether the answer was taken.

    """

    worker: str
    place: int = 1
    hits: tuple[Hit, ...] | None = None
    structured: UsedStructure | None = None
    text: str = ""
    pieces: int = 0
    source: Source | None = None
    generation: Generation | None = None
    paths: tuple[AnswerPath, ...] = ()
    sureness: Sureness | None = None
    problem: str | None = None
    taken: bool = False

    @property
    def passed(self) -> bool:
        """Whether the answer was found wanting, and not taken all the same."""
        return self.problem is not None and not self.taken

    @property
    def elected(self) -> AnswerPath | None:
        """The surest of the weighed texts that say what the worker answered; None before that is known."""
        text = self.text.strip()
        # Behind an answer from documents stand the numbers of its passages.
        same = [
            path
            for path in self.paths
            if path.fault is None and text and (text == path.text.strip() or text.startswith(f"{path.text.strip()} ["))
        ]
        return max(same, key=lambda path: path.delta or 0.0, default=None)

    @property
    def tokens_per_second(self) -> float | None:
        """How fast it wrote."""
        made = self.generation
        return made.completion_tokens / made.decode_seconds if made is not None and made.decode_seconds > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A turn, told from its beginning.

    Attributes
    ----------
    turn, query
        Its id, and what the user asked.
    status
        How it ended; None as long as it has not.
    text
        The answer, or what the user is told instead.
    routing
        The master's decision; None before it, and if the user named the worker.
    place
        The step of the plan that is asked now, counted from 1.
    step
        What is done for it now.
    tries
        The workers that were asked, in order; the last is asked now.
    decisions
        What became of the answers, in order, with the reasons.
    citations
        Passages that the answer names by number, or that came nearest.
    judged
        How the judge compared the answers that were withheld, if it did.
    choices
        What a person can choose, if the turn waits for that.
    seconds
        Spent on each kind of step.
    total
        Seconds from the question to the answer; None as long as there is none.

    """

    turn: str = ""
    query: str = ""
    status: Status | None = None
    text: str = ""
    routing: Routing | None = None
    place: int = 1
    step: StepName | None = None
    tries: tuple[Try, ...] = ()
    decisions: tuple[Decided, ...] = ()
    citations: tuple[Citation, ...] = ()
    judged: Ranking | None = None
    choices: tuple[str, ...] = ()
    seconds: Mapping[StepName, float] = field(default_factory=dict)
    total: float | None = None

    @classmethod
    def of(cls, turn: Turn) -> Account:
        """Return what a turn of a thread still tells."""
        from octograph.tui.turns.folding import told  # here: where there is a turn, the agents are loaded

        return told(turn)

    def after(self, event: Event) -> Account:
        """Return the account with one more event."""
        from octograph.tui.turns.folding import folded  # here: where there is an event, the agents are loaded

        return folded(self, event)

    @property
    def current(self) -> Try | None:
        """The worker that is asked now, or was last."""
        return self.tries[-1] if self.tries else None

    @property
    def answer(self) -> Try | None:
        """Whose answer was taken, of a plan the last."""
        return next((one for one in reversed(self.tries) if one.taken), None)

    @property
    def plan(self) -> tuple[PlanStep, ...]:
        """The steps, if there are several."""
        return self.routing.plan if self.routing is not None else ()

    @property
    def written(self) -> int:
        """Tokens that models have written, by their own count."""
        return sum(one.generation.completion_tokens for one in self.tries if one.generation is not None)

    @property
    def prompt_tokens(self) -> int:
        """Tokens that models were given."""
        return sum(one.generation.prompt_tokens for one in self.tries if one.generation is not None)

    @property
    def cached_tokens(self) -> int:
        """How many of those stood in a cache already."""
        return sum(one.generation.cached_tokens for one in self.tries if one.generation is not None)
