"""How the workers of a turn came to their answers: what they read, filled and weighed, as its thread keeps it.

Turns are read again whenever their conversation goes on, so of what can be long only a part is kept: of a weighed text
that was not the answer `LONGEST_TEXT` characters, fewer of many, those that end with what it comes to; of a passage
that the answer does not name `LONGEST_PASSAGE`. One that it names stands among the turn's citations, and only its
number is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from octograph.agents.citation import Citation
from octograph.nodes.generation import Generation
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.worker import AnswerPath
from octograph.retrieval.passage import Hit, Passage

__all__ = ["Ranking", "ScoreKind", "UsedStructure", "Workings", "hit_kept", "paths_kept"]

ScoreKind = Literal["self-evaluated", "likelihood"]
"""Whether a selection score rests on a trained self-evaluation too, or on the answer's likelihood alone."""

LONGEST_TEXT: Final = 600
LONGEST_TEXTS: Final = 6000
LONGEST_PASSAGE: Final = 400
"""Characters: of a text, of all that were weighed together, of a passage."""

_GAP: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedStructure:
    """The reasoning structure that a worker filled, as it was then.

    Attributes
    ----------
    task
        For which kind of query.
    steps
        Each key with what belongs there, the final answer last; empty if there was none.
    model
        Who discovered it.
    calls
        In how many calls, 0 if it was there already.
    problem
        Why there was none.

    """

    task: str
    steps: tuple[tuple[str, str], ...] = ()
    model: str = ""
    calls: int = 0
    problem: str | None = None

    @classmethod
    def of(
        cls, structure: ReasoningStructure | None, *, task: str, model: str, calls: int, problem: str | None
    ) -> UsedStructure:
        """Keep what there is to tell of a structure."""
        steps = () if structure is None else tuple((step.key, step.what) for step in structure.all_steps)
        return cls(task=task, steps=steps, model=model, calls=calls, problem=problem)

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self) | {"steps": [[key, what] for key, what in self.steps]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> UsedStructure:
        """Read what `document` wrote."""
        return cls(**{**document, "steps": tuple((key, what) for key, what in document["steps"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How the judge compared the answers that were withheld.

    Attributes
    ----------
    means
        What each is worth, in nats a token, by worker, the best first.
    problem
        Why they were not compared, None if they were.

    """

    means: Mapping[str, float]
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """How a worker came to its answer, or failed to.

    Attributes
    ----------
    worker
        Who was asked.
    step
        For which step of the plan, counted from 1.
    hits
        The passages that were found for it; None if it reads no documents.
    structured
        The reasoning structure that it filled; None if it asks for none.
    paths
        The texts that it weighed.
    source
        Whether it is a model or a tool; None if it did not come so far.
    generation
        Counts and times; None for a tool.
    score, tau, score_kind
        The selection score ``g`` of the answer, the least that was taken, and what the score rests on; None if it was
        not evaluated, or anything was taken.
    problem
        What was wrong with the answer.

    """

    worker: str
    step: int = 1
    hits: tuple[Hit, ...] | None = None
    structured: UsedStructure | None = None
    paths: tuple[AnswerPath, ...] = ()
    source: Literal["model", "tool"] | None = None
    generation: Generation | None = None
    score: float | None = None
    tau: float | None = None
    score_kind: ScoreKind | None = None
    problem: str | None = None

    def document(self, citations: Sequence[Citation] = ()) -> dict[str, Any]:
        """Return it as plain data, without what there is not; passages among the citations without their text."""
        whole = asdict(replace(self, hits=None, structured=None, paths=())) | {
            "hits": None if self.hits is None else [_named(hit, citations) for hit in self.hits],
            "structured": None if self.structured is None else self.structured.document(),
            "paths": [asdict(path) for path in self.paths] or None,
        }
        return {key: value for key, value in whole.items() if value is not None}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], citations: Sequence[Citation] = ()) -> Workings:
        """Read what `document` wrote, with the same citations."""
        read: dict[str, Any] = {**document, "paths": tuple(AnswerPath(**path) for path in document.get("paths", ()))}
        if "hits" in document:
            read["hits"] = tuple(_hit(hit, citations) for hit in document["hits"])
        if "structured" in document:
            read["structured"] = UsedStructure.from_document(document["structured"])
        if "generation" in document:
            read["generation"] = Generation(**document["generation"])
        return cls(**read)


def hit_kept(hit: Hit) -> dict[str, Any]:
    """Return a passage that was found as a document, with the beginning of its text."""
    text = hit.passage.text
    return hit.document() | ({"text": text[:LONGEST_PASSAGE] + _GAP} if len(text) > LONGEST_PASSAGE else {})


def paths_kept(paths: Sequence[AnswerPath], answer: str) -> list[dict[str, Any]]:
    """Return the texts that were weighed as documents: whole what is the answer, of the others the part that counts."""
    longest = min(LONGEST_TEXT, LONGEST_TEXTS // max(1, len(paths)))
    return [asdict(_cut(path, answer, longest)) for path in paths]


def _cut(path: AnswerPath, answer: str, longest: int) -> AnswerPath:
    length = len(path.text)
    if length <= longest or answer.startswith(path.text.strip()):
        return path
    end = longest if path.end is None else max(path.end, longest)
    begin = end - longest
    before, behind = _GAP if begin else "", _GAP if end < length else ""
    shift = begin - len(before)
    return replace(
        path,
        text=before + path.text[begin:end] + behind,
        start=None if path.start is None else max(0, path.start - shift),
        end=None if path.end is None else path.end - shift,
    )


def _named(hit: Hit, citations: Sequence[Citation]) -> dict[str, Any]:
    """A passage by the number of its citation, if it has one."""
    document = hit.document()
    same = (one.number for one in citations if (one.source, one.text) == (hit.source, hit.passage.text))
    number = next(same, None)
    if number is not None:
        del document["text"]
        document["cited"] = number
    return document


def _hit(document: Mapping[str, Any], citations: Sequence[Citation]) -> Hit:
    cited = document.get("cited")
    return Hit(
        passage=Passage(
            text=document["text"] if cited is None else citations[cited - 1].text,
            title=document["title"],
            heading=document["heading"],
            page=document["page"],
        ),
        **{key: document[key] for key in ("id", "source", "modified", "score", "similarity", "weight", "scores")},
    )
