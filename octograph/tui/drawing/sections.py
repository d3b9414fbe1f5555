"""What the details of a turn hold: sections with a title, lines, and parts of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from octograph.terminal import plain
from octograph.tui.drawing.bars import bar, percent
from octograph.tui.drawing.lines import mark_of, named, one_line
from octograph.tui.drawing.reasons import reasons
from octograph.tui.drawing.shape import NOBODY
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.drawing.walk import plan_states
from octograph.tui.turns.account import Account, Try

if TYPE_CHECKING:  # see octograph.tui.backend and octograph.tui.drawing.shape
    from octograph.agents import Citation
    from octograph.graph import ModelGraph
    from octograph.nodes.worker import AnswerPath
    from octograph.retrieval.passage import Hit

__all__ = ["Part", "parts"]

LONGEST_NAME, BAR = 16, 10
"""Cells of a line with a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that can be opened.

    Attributes
    ----------
    title
        What stands there when it is closed.
    lines
        What it says.
    parts
        What can be opened in it.
    open
        Whether it is open at first.

    """

    title: Content
    lines: tuple[Content, ...] = ()
    parts: tuple[Part, ...] = ()
    open: bool = False


def parts(account: Account, graph: ModelGraph | None, strokes: Strokes) -> tuple[Part, ...]:
    """Return all that there is to tell about a turn, the decision first."""
    decision = "\n\n".join(reasons(account, graph))
    return (
        Part(title=Content("The decision"), lines=(Content(decision),), open=True),
        *_candidates(account, strokes),
        *_plan(account, strokes),
        *(part for one in account.tries for part in _of_try(one, account, strokes)),
        *_cited(account),
        *_time(account, strokes),
    )


def _candidates(account: Account, strokes: Strokes) -> Iterator[Part]:
    routing = account.routing
    if routing is None:
        return
    names = [named(one.worker or NOBODY) for one in routing.candidates]
    width = min(max(map(cell_len, names), default=0), LONGEST_NAME)
    lines = []
    for name, one in zip(names, routing.candidates, strict=True):
        chosen = one.worker == routing.worker
        chance = "" if one.chance is None else f"  chance {percent(one.chance)}"
        lines.append(
            Content.assemble(
                (f"{strokes.chosen if chosen else ' '} {set_cell_size(name, width)} ", "bold" if chosen else ""),
                (bar(one.probability, BAR, strokes), "$text-accent"),
                (f"{percent(one.probability):>6}{chance}", "bold" if chosen else ""),
            )
        )
    yield Part(title=Content(f"Candidates ({len(lines)})"), lines=tuple(lines))


def _plan(account: Account, strokes: Strokes) -> Iterator[Part]:
    if not account.plan:
        return
    steps = []
    for place, (step, state) in enumerate(zip(account.plan, plan_states(account), strict=True), start=1):
        taken = next((one for one in account.tries if one.place == place and one.taken), None)
        title = f"{mark_of(state, strokes)} {place}. {one_line(step.worker)} {percent(step.probability)}"
        lines = [Content(f"asked: {one_line(step.query)}")]
        if taken is not None:
            lines.append(Content(f"{one_line(taken.worker)}: {plain(taken.text.strip())}"))
        steps.append(Part(title=Content(title), lines=tuple(lines)))
    yield Part(title=Content(f"Plan ({len(steps)} steps)"), parts=tuple(steps))


def _of_try(one: Try, account: Account, strokes: Strokes) -> Iterator[Part]:
    """What a worker read, thought and wrote."""
    worker = f"{one_line(one.worker)}, step {one.place}" if account.plan else one_line(one.worker)
    if one.hits is not None:
        hits = tuple(_hit(hit, account.citations) for hit in one.hits)
        lines = () if hits else (Content("No passage of your documents has to do with it."),)
        yield Part(title=Content(f"Passages for {worker} ({len(hits)})"), lines=lines, parts=hits)
    yield from _structure(one, worker)
    if one.paths:
        paths = tuple(_path(path, one.elected, strokes) for path in one.paths)
        yield Part(title=Content(f"Branches of {worker} ({len(paths)})"), lines=_weights(one), parts=paths)
    if one.passed and one.text.strip():
        g = "" if one.sureness is None else f", g = {one.sureness.g:.2f}"
        yield Part(title=Content(f"Withheld answer of {worker}{g}"), lines=(Content(plain(one.text.strip())),))


def _hit(hit: Hit, citations: tuple[Citation, ...]) -> Part:
    passage = hit.passage
    number = next((f"[{one.number}] " for one in citations if (one.source, one.text) == (hit.source, passage.text)), "")
    methods = "".join(f", {one_line(name)} {score:.2f}" for name, score in hit.scores.items())
    similarity = "" if hit.similarity is None else f", similarity {hit.similarity:.2f}"
    return Part(
        title=Content(f"{number}{hit.score:.2f} {_short(hit.source, passage.page, passage.heading)}"),
        lines=(
            Content.styled(one_line(hit.place), "dim"),
            Content.styled(f"score {hit.score:.2f}{methods}{similarity}", "dim"),
            Content(plain(passage.text)),
        ),
    )


def _cited(account: Account) -> Iterator[Part]:
    """The passages of a turn of a version that kept no others than those that its answer rests on."""
    if not account.citations or any(one.hits is not None for one in account.tries):
        return
    cited = []
    for one in account.citations:
        similarity = "" if one.similarity is None else f"{one.similarity:.2f} "
        title = f"[{one.number}] {similarity}{_short(one.source, one.page, one.heading)}"
        lines = (Content.styled(one_line(one.place), "dim"), Content(plain(one.text)))
        cited.append(Part(title=Content(title), lines=lines))
    yield Part(title=Content(f"Passages ({len(cited)})"), parts=tuple(cited))


def _short(source: str, page: int | None, heading: str) -> str:
    """Where a passage stands, without the folders."""
    where = [PurePath(source).name, "" if page is None else f"p. {page}", heading]
    return one_line(", ".join(part for part in where if part))


def _structure(one: Try, worker: str) -> Iterator[Part]:
    found = one.structured
    if found is None:
        return
    if not found.steps:
        why = one_line(found.problem or "none was found")
        lines: tuple[Content, ...] = (Content(f"There is none, so the worker answers without: {why}."),)
        yield Part(title=Content(f"Reasoning structure of {worker} (none)"), lines=lines)
        return
    model = one_line(found.model) or "somebody"
    made = f"discovered by {model} in {found.calls} calls" if found.calls else f"kept, discovered by {model} before"
    lines = (
        Content.styled(f"For tasks like {one_line(found.task)}, {made}.", "dim"),
        *(
            Content.assemble((f"{number}. {one_line(key)}", "bold"), f": {one_line(what)}")
            for number, (key, what) in enumerate(found.steps, start=1)
        ),
    )
    yield Part(title=Content(f"Reasoning structure of {worker} ({len(found.steps)} steps)"), lines=lines)


def _weights(one: Try) -> tuple[Content, ...]:
    """Which answers the texts come to, and how sure the model was of each in sum."""
    sides: defaultdict[str, list[AnswerPath]] = defaultdict(list)
    for path in one.paths:
        if path.fault is None and path.answer is not None:
            sides[path.answer].append(path)
    weighed = [(sum(path.delta or 0.0 for path in side), len(side), answer) for answer, side in sides.items()]
    return tuple(
        Content(f"{one_line(answer)}: {count} of {len(one.paths)} texts, Delta {weight:.2f} in sum")
        for weight, count, answer in sorted(weighed, key=lambda side: (-side[0], -side[1], side[2]))
    )


def _path(path: AnswerPath, elected: AnswerPath | None, strokes: Strokes) -> Part:
    taken = path == elected
    delta = "" if path.delta is None else f", Delta {path.delta:.2f}"
    fault = "" if path.fault is None else f", does not count: {one_line(path.fault)}"
    answer = "no answer" if path.answer is None else one_line(path.answer)
    title = f"{strokes.taken if taken else ' '} {path.branch + 1}. {answer}{delta}{fault}"
    start, end = path.start or 0, path.end or 0
    text = Content.assemble(
        plain(path.text[:start]), (plain(path.text[start:end]), "bold underline"), plain(path.text[end:])
    )
    return Part(title=Content.styled(title, "bold" if taken else ""), lines=(text,))


def _time(account: Account, strokes: Strokes) -> Iterator[Part]:
    spent = sum(account.seconds.values())
    lines = [
        Content.assemble(
            f"{step:<9} ", (bar(seconds / spent if spent else 0.0, BAR, strokes), "$text-accent"), f" {seconds:6.2f} s"
        )
        for step, seconds in account.seconds.items()
    ]
    if account.total is not None:
        lines.append(Content(f"{'in all':<9} {' ' * BAR} {account.total:6.2f} s"))
    for one in account.tries:
        made = one.generation
        if made is not None:
            speed = "" if one.tokens_per_second is None else f" at {one.tokens_per_second:.1f} a second"
            lines.append(
                Content(
                    f"{one_line(one.worker)} read {made.prompt_tokens} tokens ({made.cached_tokens} from the cache) "
                    f"and wrote {made.completion_tokens}{speed}."
                )
            )
    if lines:
        yield Part(title=Content("Time and tokens"), lines=tuple(lines))
