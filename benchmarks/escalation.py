"""How many wrong answers the bundled graph shows, if it answers everything and if it decides; makes docs/escalation.md.

    python -m benchmarks.escalation --data DATA [--count 60] [--rows FILE]
    python -m benchmarks.escalation --page

``DATA`` is a folder with ``arithmetic/*-dev.jsonl`` and ``squad/dev-a.jsonl.gz``. So many questions of each kind are
asked of the whole graph, as a user would: word problems; questions of SQuAD, without their passage, on articles that
were added as documents; and such questions on articles that were not, which the model cannot know.
Half of them, of other problems and articles than the rest, choose a `tau` for each worker with a model: everything is
withheld, so that all are asked whom a query is passed on to, and what each wrote is graded. The rest is answered in
four ways, which the page tells: ``everything``, which still shows nothing where no passage has to do with the question
or the reader itself says that they do not hold the answer; ``untuned``, without a `tau`: the same turns, less what only
``everything`` shows; ``bundled``; and ``decided``, with the `tau` that were chosen.

What was shown of a plan before it stopped counts as shown. Writes ``benchmarks/results/escalation.json``, without any
text of the data; ``--rows`` writes what became of each question, with its text.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from octograph import Octograph, composition, settings
from octograph.agents import Turn
from octograph.agents.evaluation.answering import Reply, grade
from octograph.agents.evaluation.answers import normalised, proportion_interval
from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.selection import threshold_for_accuracy, threshold_for_coverage
from octograph.agents.selection.measuring import is_right
from octograph.cancellation import CancelToken
from octograph.errors import OctographError, UsageError
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.generation import TextDelta
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.master import NO_WORKER, Route, Router
from octograph.nodes.pool import HostPool
from octograph.nodes.tools import SystemClock
from octograph.nodes.worker import Outcome, Task, Worker
from octograph.retrieval.library import Library

OUTPUT = Path(__file__).parent / "results" / "escalation.json"
PAGE = Path(__file__).parent.parent / "docs" / "escalation.md"
KINDS = {
    "arithmetic": "word problems",
    "documents": "SQuAD, the article among the documents",
    "trivia": "SQuAD, the article not there",
}
ARMS = {"everything": "everything", "untuned": "without `tau`", "bundled": "as it comes", "decided": "tuned `tau`"}
MARKS = re.compile(r"\[[0-9]+\]")
QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)
WANTED = 0.8  # accuracy of a worker's answers
LEAST = 10  # answers above a threshold from which their accuracy is believed without a promise
SHARES = ("coverage", "right_of_shown", "wrong")
AT_ONCE, DRAWS, SEED = 2, 2000, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, and of which kind it is."""

    question: Question
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was shown to a question, if anything, by whom, and whether only since all is; no turn if it failed."""

    case: Case
    turn: Turn | None
    text: str
    worker: str | None
    right: bool
    forced: bool

    @property
    def reasons(self) -> str:
        """Why nothing was shown: who was tried, and the reason of each, without figures and the question's words."""
        tried = () if self.turn is None else self.turn.tried
        told = [f"{one.worker}: {QUOTED.sub('…', one.reason).partition(':')[0]}" for one in tried]
        return ", then ".join(told) or ("failed" if self.turn is None else "no worker fits the query")


@dataclass(frozen=True, slots=True)
class Forced:
    """What only answering everything shows: texts from passages by worker and query, and queries without a worker."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    rerouted: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Answering:
    """A router that never names one of the unfit, such as `NO_WORKER`."""

    inner: Router
    unfit: frozenset[str]
    forced: Forced

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        route = await self.inner.route(query, cancel=cancel)
        if route is None or route.worker not in self.unfit:
            return route
        self.forced.rerouted.add(query)
        likeliest, probability = next(one for one in route.ranked() if one[0] not in self.unfit)
        return replace(route, worker=likeliest, probability=probability, plan=())


@dataclass(frozen=True, slots=True)
class Keeping:
    """A worker whose texts are kept, also where they are not shown."""

    inner: Worker
    name: str
    forced: Forced

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        pieces: list[str] = []
        async for piece in self.inner.run(task, cancel=cancel):
            if isinstance(piece, TextDelta):
                pieces.append(piece.text)
            yield piece
        text = "".join(pieces).strip()
        if text and text != NOT_FOUND:
            self.forced.texts[self.name, task.query] = text


def shown(turn: Turn, kept: Mapping[tuple[str, str], str]) -> tuple[str, str | None]:
    """The answers that the user sees, and who wrote the last; of texts that were withheld, those that were kept."""
    if turn.status == "answered":
        return turn.text, turn.worker
    parts = [(step.text, step.worker) for step in turn.steps]
    for attempt in turn.tried:
        query = turn.query if turn.route is None else turn.route["plan"][attempt.step - 1]["query"]
        if (attempt.worker, query) in kept:
            parts.append((kept[attempt.worker, query], attempt.worker))
    return "\n\n".join(text for text, _ in parts), parts[-1][1] if parts else None


def right(case: Case, text: str) -> bool:
    """Whether a text is a right answer; one in a sentence is, if a reference stands in it."""
    one, words = grade(case.question, Reply(text=text, worker=None)), f" {normalised(text)} "
    if case.kind == "arithmetic":
        return bool(one.numeric)
    return is_right(one) or any(f" {normalised(answer)} " in words for answer in case.question.answers)


def mixed(data: Path, count: int) -> tuple[list[list[Case]], dict[str, str]]:
    """The questions to choose on and those to measure on, and the articles that are documents, by title."""
    draw = random.Random(SEED)
    problems: dict[tuple[str, ...], Question] = {}
    for path in sorted((data / "arithmetic").glob("*-dev.jsonl")):
        for one in read_questions(path):  # some are in two of the sets, in other words: their numbers tell
            problems.setdefault(tuple(sorted(re.findall(r"[0-9.]*[0-9]", one.text))), one)
    drawn = draw.sample(list(problems.values()), count)
    asked = list({one.text: one for one in read_questions(data / "squad" / "dev-a.jsonl.gz")}.values())
    titles = sorted({one.passages[0].title for one in asked})
    draw.shuffle(titles)
    halves: list[list[Case]] = []
    for place, size in enumerate((count // 2, count - count // 2)):
        half = [Case(question=one, kind="arithmetic") for one in drawn[place * (count // 2) :][:size]]
        for kind, first in (("documents", 2 * place), ("trivia", 2 * place + 1)):
            ours = [replace(one, passages=()) for one in asked if one.passages[0].title in titles[first::4]]
            half += [Case(question=one, kind=kind) for one in draw.sample(ours, size)]
        halves.append(half)
    documents = {title: f"# {title.replace('_', ' ')}\n" for title in titles[::2]}
    for passage in dict.fromkeys(one.passages[0] for one in asked if one.passages[0].title in documents):
        documents[passage.title] += f"\n{passage.text}\n"
    return halves, documents


async def became(octo: Octograph, case: Case, forced: Forced, room: asyncio.Semaphore) -> Row:
    """What became of a question."""
    try:
        async with room:
            turn = await octo.aask(case.question.asked, thread=uuid.uuid4().hex)
    except OctographError:  # its message is no answer
        return Row(case=case, turn=None, text="", worker=None, right=False, forced=False)
    text, worker = shown(turn, forced.texts)
    only = turn.query in forced.rerouted or (text, worker) != shown(turn, {})
    text = MARKS.sub("", text).strip()  # they are for people
    return Row(case=case, turn=turn, text=text, worker=worker, right=right(case, text), forced=only)


async def answered(
    graph: ModelGraph, pool: HostPool, library: Library, cases: Sequence[Case], *, folder: Path, forced: Forced | None
) -> tuple[list[Row], float]:
    """What becomes of the questions, and the seconds for each; with `forced`, everything is answered."""
    clock, room = SystemClock(), asyncio.Semaphore(AT_ONCE)
    router: Router = composition.make_router(graph, pool, price=0.0)
    workers = dict(composition.make_workers(graph, pool, clock))
    if forced is not None:
        declining = {node.name for node in graph.workers() if node.declines is not None}
        router = Answering(router, frozenset({NO_WORKER, *declining}), forced)
        reading = [name for name in workers if graph.neighbours(name, "reads")]
        workers |= {name: Keeping(workers[name], name, forced) for name in reading}
    async with Octograph(
        graph=graph,
        router=router,
        workers=workers,
        threads_file=folder / f"{uuid.uuid4().hex}.sqlite",
        clock=clock,
        evaluators=composition.make_evaluators(graph, pool),
        library=Library(library.bases),  # whose embedder goes on
    ) as octo:
        await pool.clients[graph.master.model].prepare()
        started = time.perf_counter()
        rows = await asyncio.gather(*(became(octo, case, forced or Forced(), room) for case in cases))
    return rows, (time.perf_counter() - started) / len(cases)


def tau_of(scores: Sequence[float], grades: Sequence[bool]) -> dict[str, Any]:
    """The threshold of a worker from its answers, and by which rule; a `tau` of 0 withholds everything."""
    rule, found = "promised", None
    with suppress(UsageError):  # too few to promise anything
        found = threshold_for_accuracy(scores, grades, WANTED, seed=SEED)
    if found is None and scores:
        tried = (threshold_for_coverage(scores, grades, tenths / 10) for tenths in range(10, 0, -1))
        enough = (one for one in tried if one.accuracy >= WANTED and one.coverage * one.n >= LEAST)
        rule, found = "observed", next(enough, None)
    told = {"answers": len(scores), "right": sum(grades)}
    if found is None:
        return told | {"rule": "withheld", "tau": 0.0, "coverage": 0.0, "accuracy": None}
    tau = found.tau if np.isfinite(found.tau) else None  # all may be shown
    return told | {"rule": rule, "tau": tau, "coverage": found.coverage, "accuracy": found.accuracy}


def taus(graph: ModelGraph, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """A threshold for every worker with a model, from its answers that were withheld."""
    scored: dict[str, list[tuple[float, bool]]] = {node.name: [] for node in graph.workers() if node.model}
    for row in rows:
        for one in () if row.turn is None else row.turn.tried:
            if one.text and one.score is not None:
                scored[one.worker].append((one.score, right(row.case, MARKS.sub("", one.text).strip())))
    return {name: tau_of([one[0] for one in some], [one[1] for one in some]) for name, some in scored.items()}


def with_taus(graph: ModelGraph, found: Mapping[str, Mapping[str, Any]]) -> ModelGraph:
    """The graph with these thresholds, and no others."""
    for node in graph.workers():
        graph = graph.with_changed(replace(node, tau=found[node.name]["tau"] if node.name in found else None))
    return graph


def figures(rows: Sequence[Row]) -> dict[str, Any]:
    """How many answers were shown, how many wrong ones, and how many of those shown were right."""
    given, good = sum(bool(row.text) for row in rows), sum(row.right for row in rows)
    shares = {"coverage": (given, len(rows)), "wrong": (given - good, len(rows)), "right_of_shown": (good, given)}
    return {"n": len(rows)} | {
        name: {"count": part, "mean": part / whole if whole else None, "interval": proportion_interval(part, whole)}
        for name, (part, whole) in shares.items()
    }


def arm(rows: Sequence[Row]) -> dict[str, Any]:
    """All that is told of an arm."""
    kinds = {kind: [row for row in rows if row.case.kind == kind] for kind in KINDS}
    return {
        **{kind: figures(some) for kind, some in {"all": rows, **kinds}.items()},
        "status": Counter("failed" if row.turn is None else row.turn.status for row in rows),
        "answered_by": {kind: Counter(str(row.worker) for row in some if row.text) for kind, some in kinds.items()},
        "no_answer_because": Counter(row.reasons for row in rows if not row.text),
    }


def ratio(first: Sequence[Row], second: Sequence[Row]) -> dict[str, Any] | None:
    """What is left of the wrong answers, with a 95 % interval by a paired bootstrap; None if there were none."""
    wrong = np.array([[bool(row.text) and not row.right for row in rows] for rows in (first, second)]).T  # [n, 2]
    if not wrong[:, 0].any():
        return None
    places = np.random.default_rng(SEED).integers(0, len(wrong), (DRAWS, len(wrong)))  # [b, n]
    before, after = wrong[places].sum(axis=1).T  # [b], [b]
    low, high = np.quantile(after[before > 0] / before[before > 0], [0.025, 0.975])
    return {"mean": float(wrong[:, 1].sum() / wrong[:, 0].sum()), "interval": [float(low), float(high)]}


async def measured(data: Path, count: int, folder: Path) -> tuple[dict[str, Any], dict[str, list[Row]]]:
    """Choose on one half of the questions, and ask the other half with and without what was chosen."""
    chosen = settings.load().model_copy(update={"data_dir": folder})
    graph = with_taus(open_graph("embedded"), {})
    (others, ours), articles = mixed(data, count)
    (folder / "articles").mkdir()
    for title, text in articles.items():  # a file each, as a user might have them
        (folder / "articles" / f"{title}.md").write_text(text, encoding="utf-8")
    pool, folders = composition.host_pool(graph, chosen), composition.knowledge_folders(graph, chosen)
    library = composition.make_library(folders, chosen, threads=chosen.threads_beside)
    with closing(pool), closing(library):
        await library.base().add([folder / "articles"], cancel=CancelToken())
        withholding = with_taus(graph, {node.name: {"tau": 0.0} for node in graph.workers() if node.model})
        withheld, _ = await answered(withholding, pool, library, others, folder=folder, forced=None)
        found = taus(graph, withheld)
        before, seconds = await answered(graph, pool, library, ours, folder=folder, forced=Forced())
        bundled, _ = await answered(open_graph("embedded"), pool, library, ours, folder=folder, forced=None)
        decided, more = await answered(with_taus(graph, found), pool, library, ours, folder=folder, forced=None)
    untuned = [replace(row, text="", worker=None, right=False) if row.forced else row for row in before]
    results: dict[str, Any] = {
        "chosen_on": len(others),
        "articles": len(articles),
        "taus": found,
        **{name: arm(rows) for name, rows in zip(ARMS, (before, untuned, bundled, decided), strict=True)},
        "ratio": {"bundled": ratio(before, bundled), "decided": ratio(before, decided)},
        "seconds_a_question": {"everything": seconds, "decided": more},
    }
    return results, {"choosing": withheld, "everything": before, "bundled": bundled, "decided": decided}


def page(results: Mapping[str, Any]) -> str:
    """The page of docs."""
    lines = [
        "# Wrong answers, shown and withheld",
        "",
        "Made by `python -m benchmarks.escalation`; the results with the machine's description are in "
        "`benchmarks/results/escalation.json`.",
        f"The bundled graph on {results['everything']['all']['n']} questions: word problems, and SQuAD questions on "
        f"{results['articles']} articles that are its documents and on others, which it cannot know. 95 % intervals.",
        "*Everything*: no threshold, a query that no worker fits goes to the likeliest, and what the `reader` wrote is "
        "shown even if it does not stand in the documents. *Without `tau`*: the graph with its thresholds taken out. "
        "*As it comes*: the bundled graph. *Tuned `tau`*: the graph with the thresholds of the second table.",
        "",
        "| questions | answering | n | coverage | right of answered | wrong of all |",
        "|---|---|---|---|---|---|",
        *(
            f"| {title} | {what} | {one['n']} | {' | '.join(_figure(one[share]) for share in SHARES)} |"
            for kind, title in {"all": "all", **KINDS}.items()
            for name, what in ARMS.items()
            for one in [results[name][kind]]
        ),
        "",
        *(
            f"Of the wrong answers of answering everything, {_figure(one)} are left with the `tau` {what}."
            for name, what in (("bundled", "that come with it"), ("decided", "tuned on such questions"))
            if (one := results["ratio"][name]) is not None
        ),
        f"Each tuned `tau` was chosen on {results['chosen_on']} other questions, of other problems and articles, for "
        f"{WANTED:.0%} right answers.",
        "*Promised* holds for further questions of this mixture with 95 % confidence; *observed* was so on these, over "
        f"at least {LEAST} answers; otherwise, also of workers that answered none of these, answers are *withheld*.",
        "",
        "| worker | answers | right | rule | tau |",
        "|---|---|---|---|---|",
        *(
            f"| `{name}` | {one['answers']} | {one['right']} | {one['rule']} "
            f"| {'none' if one['tau'] is None else format(one['tau'], '.3f')} |"
            for name, one in results["taus"].items()
            if one["answers"]
        ),
        "",
        "With tuned `tau` nothing was shown mostly because:",
        *(f"- {reason} ({count})" for reason, count in Counter(results["decided"]["no_answer_because"]).most_common(8)),
    ]
    return "\n".join(lines) + "\n"


def _figure(one: Mapping[str, Any]) -> str:
    if one["mean"] is None:
        return "-"
    low, high = one["interval"]
    return f"{one['mean']:.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=60, help="questions of each kind")
    parser.add_argument("--rows", type=Path, help="where every question goes with what became of it")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    arguments = parser.parse_args()
    if not arguments.page:
        machine = describe()
        with tempfile.TemporaryDirectory(prefix="octograph-") as folder:
            results, rows = asyncio.run(measured(arguments.data, arguments.count, Path(folder)))
        OUTPUT.write_text(json.dumps({**results, "machine": machine}, indent=1) + "\n")
        if arguments.rows is not None:
            told = [json.dumps({"arm": name, **asdict(row)}) for name, some in rows.items() for row in some]
            arguments.rows.write_text("\n".join(told) + "\n")
    PAGE.write_text(page(json.loads(OUTPUT.read_text())))


if __name__ == "__main__":
    main()
