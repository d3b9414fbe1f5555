"""Which technique a worker is to answer by, chosen by what each was measured to be worth on the same questions.

A costlier technique has to earn its cost: it is compared with the one chosen so far by McNemar's test, in its exact and
one-sided form. Of the questions that just one of the two answers rightly, ``b`` are the costlier one's and ``c`` the
cheaper one's. Were they equally good, ``b`` would be drawn from ``Binomial(b + c, 1/2)``, so::

    p = P(B >= b) = 2^-(b + c) * sum over k from b to b + c of C(b + c, k)

McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages, Psychometrika
12, 153-157.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from octograph.agents.evaluation.answering import AnswersReport, Graded
from octograph.agents.evaluation.answers import proportion_interval
from octograph.errors import ToolError, UsageError
from octograph.graph.nodes import Decoding, Reasoning, StructureForm, Worker
from octograph.nodes.grounded import NOT_FOUND

__all__ = [
    "FEWEST",
    "LEVEL",
    "TECHNIQUES",
    "TECHNIQUES_BY_NAME",
    "Choice",
    "Comparison",
    "Technique",
    "Trial",
    "candidates",
    "choose",
    "sign_test",
    "with_ways",
]

LEVEL: Final = 0.05
"""The largest ``p`` with which a costlier technique is taken."""

FEWEST: Final = 5
"""Questions below which no technique could be taken over a cheaper one: ``2^-5 <= 0.05 < 2^-4``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """A way for a worker to come to an answer, as the keys of its node.

    Attributes
    ----------
    name
        What people call it.
    decoding, reasoning, structure
        The keys.
    trained
        Whether the worker's adapter has to be trained for it.

    """

    name: str
    decoding: Decoding = "greedy"
    reasoning: Reasoning = "none"
    structure: StructureForm = "json"
    trained: bool = False

    def is_of(self, node: Worker) -> bool:
        """Whether a worker answers by it already."""
        # Where no structure is filled, its form says nothing.
        forms = self.reasoning == "none" or self.structure == node.structure
        return (self.decoding, self.reasoning) == (node.decoding, node.reasoning) and forms


TECHNIQUES: Final = (
    Technique(name="direct"),
    Technique(name="cot", decoding="cot"),
    Technique(name="self-consistency", decoding="self-consistency"),
    Technique(name="structure-json", reasoning="self-discover"),
    Technique(name="structure-text", reasoning="self-discover", structure="text"),
    Technique(name="program", decoding="program", trained=True),
)

TECHNIQUES_BY_NAME: Final[Mapping[str, Technique]] = MappingProxyType({one.name: one for one in TECHNIQUES})


def candidates(node: Worker, named: Sequence[str] = ()) -> tuple[Technique, ...]:
    """Return the techniques to measure: those that are named, or all but what a worker has no adapter for.

    Raises
    ------
    UsageError
        There is no technique of a name.

    Examples
    --------
    >>> node = Worker(name="chat", description="Talk", model="tiny")
    >>> [one.name for one in candidates(node)]
    ['direct', 'cot', 'self-consistency', 'structure-json', 'structure-text']
    >>> [one.name for one in candidates(node, ["program", "direct", "program"])]
    ['program', 'direct']

    """
    for name in named:
        if name not in TECHNIQUES_BY_NAME:
            raise UsageError(f"{name!r} is no technique", hint=f"Techniques: {', '.join(TECHNIQUES_BY_NAME)}.")
    if named:
        return tuple(TECHNIQUES_BY_NAME[name] for name in dict.fromkeys(named))
    return tuple(one for one in TECHNIQUES if not one.trained or one.is_of(node))


def with_ways(
    node: Worker,
    *,
    decoding: Decoding | None = None,
    reasoning: Reasoning | None = None,
    structure: StructureForm | None = None,
) -> Worker:
    """Return a worker with other ways of answering; None leaves one as it is.

    The branches of another decoding are not those of this one, so they are the default again.

    Raises
    ------
    GraphError
        No worker can answer in all of these ways at once.

    Examples
    --------
    >>> node = Worker(name="math", description="Sums", model="tiny", decoding="program", branches=8)
    >>> with_ways(node, reasoning="none").branches, with_ways(node, decoding="cot").branches
    (8, None)

    """
    wanted: dict[str, Any] = {"decoding": decoding, "reasoning": reasoning, "structure": structure}
    given = {key: value for key, value in wanted.items() if value is not None}
    if decoding not in (None, node.decoding):
        given |= {"branches": None, "branch_at": 0}
    return replace(node, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a technique came to on some questions.

    Attributes
    ----------
    technique
        Its name.
    right
        Whether each answer is, ``[n]``, in the order of the questions.
    tokens
        Written for a question, on average: what an answer costs.
    seconds
        For all questions together.
    unanswered
        How many got no answer.

    """

    technique: str
    right: tuple[bool, ...]
    tokens: float
    seconds: float
    unanswered: int = 0

    @classmethod
    def of(cls, technique: str, report: AnswersReport) -> Trial:
        """Return what a report says of a technique.

        The mean is over questions for which it is known what was written.

        Raises
        ------
        ToolError
            It failed at all of them.

        """
        counted = [one.reply.tokens for one in report.graded if one.reply.tokens]
        # That passages do not hold the answer is an answer too.
        if not counted or all(one.reply.problem not in (None, NOT_FOUND) for one in report.graded):
            problems = Counter(one.reply.problem or "it wrote nothing" for one in report.graded)
            ((problem, _),) = problems.most_common(1)
            raise ToolError(
                f"it answered none of {len(report.graded)} questions: {problem}", hint="Choose among the others."
            )
        return cls(
            technique=technique,
            right=tuple(map(_is_right, report.graded)),
            tokens=sum(counted) / len(counted),
            seconds=report.seconds,
            unanswered=sum(not one.reply.text for one in report.graded),
        )

    @property
    def hits(self) -> int:
        """How many answers are right."""
        return sum(self.right)

    @property
    def share(self) -> float:
        """The share of answers that are right."""
        return self.hits / len(self.right)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that share (Wilson 1927)."""
        found = proportion_interval(self.hits, len(self.right))
        if found is None:
            raise RuntimeError("a trial has questions")
        return found

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "technique": self.technique,
            "right": self.hits,
            "n": len(self.right),
            "share": self.share,
            "share_interval": self.interval,
            "tokens_per_question": self.tokens,
            "seconds": self.seconds,
            "unanswered": self.unanswered,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A technique against the cheaper one that was chosen before.

    Attributes
    ----------
    technique, against
        Their names, the costlier one first.
    better, worse
        Questions that only the costlier one, and only the cheaper one, answers rightly.
    p
        How likely the costlier one would do as well as that by chance, see `sign_test`.

    """

    technique: str
    against: str
    better: int
    worse: int
    p: float

    @property
    def taken(self) -> bool:
        """Whether the costlier one is worth its cost."""
        return self.p <= LEVEL

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "taken": self.taken}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The technique that was chosen, and why.

    Attributes
    ----------
    chosen
        What it came to.
    trials
        All that were compared, the cheapest first.
    comparisons
        Each but the cheapest against what was chosen before it.

    """

    chosen: Trial
    trials: tuple[Trial, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def reason(self) -> str:
        """Why it was chosen, in a line."""
        if not self.comparisons:
            return "nothing else was measured"
        won = next((one for one in self.comparisons if one.taken and one.technique == self.chosen.technique), None)
        if won is None:
            return "none writes fewer tokens, and none is better beyond chance"
        return (
            f"right where {won.against} is wrong on {won.better} questions, and wrong where that is right on"
            f" {won.worse}: p = {won.p:.2g}"
        )

    def measured(self, questions: str) -> str:
        """Return what the graph file is to say of the worker, with a name for the questions.

        Examples
        --------
        >>> direct = Trial(technique="direct", right=(True, False), tokens=40, seconds=2)
        >>> choose([direct, Trial(technique="cot", right=(True, True), tokens=400, seconds=9)]).measured("sums.jsonl")
        '0.50 right of 2 questions of sums.jsonl by direct; cot 1.00'

        """
        name = self.chosen.technique
        told = f"{self.chosen.share:.2f} right of {len(self.chosen.right)} questions of {questions} by {name}"
        others = [f"{one.technique} {one.share:.2f}" for one in self.trials if one.technique != name]
        return f"{told}; {', '.join(others)}" if others else told


def sign_test(better: int, worse: int) -> float:
    """Return how likely chance alone has so many of the differences, or more, on the better side.

    Parameters
    ----------
    better, worse
        ``b`` and ``c``: the questions on which just one of two techniques is right, by which one that is.

    Returns
    -------
    float
        ``p`` of the exact one-sided McNemar test; 1 where they never differ.

    Examples
    --------
    >>> round(sign_test(5, 0), 5), round(sign_test(12, 3), 3), sign_test(0, 0)
    (0.03125, 0.018, 1.0)

    """
    if better + worse == 0:
        return 1.0
    from scipy.stats import binomtest  # takes most of a second

    return float(binomtest(better, better + worse, 0.5, alternative="greater").pvalue)


def choose(trials: Sequence[Trial]) -> Choice:
    """Choose the cheapest technique, or a costlier one that is better than it beyond chance.

    From the cheapest on, each is compared with the one chosen so far, and takes its place with ``p <= LEVEL``. Chance
    does not buy a slower answer: of techniques that cannot be told apart the cheapest stays. Of equally cheap ones
    the first does.

    Parameters
    ----------
    trials
        Of ``t`` techniques on the same ``n`` questions, so their ``right`` is ``[t, n]`` altogether.

    Raises
    ------
    UsageError
        There are none, or they are not of the same questions.

    Examples
    --------
    >>> direct = Trial(technique="direct", right=(False,) * 6, tokens=40, seconds=2)
    >>> cot = Trial(technique="cot", right=(True,) * 5 + (False,), tokens=400, seconds=9)
    >>> choose([cot, direct]).chosen.technique
    'cot'

    """
    counts = {len(one.right) for one in trials}
    if len(counts) != 1 or 0 in counts:
        raise UsageError(
            f"{len(trials)} techniques on {sorted(counts)} questions cannot be compared",
            hint="Measure one or more of them on the same questions.",
        )
    ordered = tuple(sorted(trials, key=lambda one: one.tokens))
    chosen, *costlier = ordered
    comparisons: list[Comparison] = []
    for one in costlier:
        comparison = _compared(one, chosen)
        comparisons.append(comparison)
        chosen = one if comparison.taken else chosen
    return Choice(chosen=chosen, trials=ordered, comparisons=tuple(comparisons))


def _compared(one: Trial, chosen: Trial) -> Comparison:
    pairs = Counter(zip(one.right, chosen.right, strict=True))
    better, worse = pairs[True, False], pairs[False, True]
    return Comparison(
        technique=one.technique,
        against=chosen.technique,
        better=better,
        worse=worse,
        p=sign_test(better, worse),
    )


def _is_right(graded: Graded) -> bool:
    """Whether an answer is right: in its number if a number is wanted, otherwise as it stands."""
    return graded.exact if graded.numeric is None else graded.numeric
