"""Self-Discover beside direct and step-by-step answers, on six tasks of BIG-Bench Hard; makes docs/self-discover.md.

    python -m benchmarks.self_discover --data DATA [--limit 40] [--only navigate ...] [--deepthink]
    python -m benchmarks.self_discover --page

``DATA`` is a folder with ``bbh/*.jsonl``. The bundled model as it comes answers the same random questions of a task
directly, after thinking step by step (zero-shot CoT), and by one reasoning structure, filled as JSON and as text. The
structure is discovered from three further queries of the task, without their answers. Everything is greedy, one at a
time, and every answer is read and graded in the same way. Calls are counted at the model. Writes
``benchmarks/results/self-discover.json``, a task at a time: one that is there is kept unless ``--only`` names it.
``--deepthink`` has optillm's plugin of that name answer some of the questions when all tasks are there
(`benchmarks/peers/install`). Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import deepthink
from benchmarks.bbh import EXAMPLES, TASKS, judged, questions
from benchmarks.machine import describe
from benchmarks.paired import paired, verdict
from octograph import settings
from octograph.agents.cot import options_of
from octograph.agents.evaluation.answering import WorkerAlone
from octograph.agents.evaluation.answers import normalised, proportion_interval
from octograph.agents.evaluation.question import Question
from octograph.agents.self_discover import MODULES, Discovery
from octograph.cancellation import CancelToken
from octograph.composition import host_pool
from octograph.errors import ToolError, UsageError
from octograph.graph import Worker, open_graph
from octograph.graph.nodes import StructureForm
from octograph.nodes.generation import Generation, GenerationRequest, Generator, TextDelta, Written
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.structured import StructuredWorker
from octograph.nodes.worker import ModelWorker
from octograph.nodes.worker import Worker as Runs

OUTPUT = Path(__file__).parent / "results" / "self-discover.json"
PAGE = Path(__file__).parent.parent / "docs" / "self-discover.md"
DISCOVERY_CALLS = 3
ALIKE = 40
"""Characters of a step's instruction that no value repeats by chance; values may be cut behind them."""

NODE = Worker(
    name="puzzles", description="Puzzles", model="smollm2", system="You answer questions and puzzles.", max_tokens=400
)
DIRECT_TOKENS = 24
DIRECT = "\n\nAnswer with the {kind} alone."
STEPS = "\n\nLet us think it through step by step, and name the {kind} at the end."
ARMS = {"direct": "direct", "cot": "zero-shot CoT", "json": "structure, JSON", "text": "structure, text"}
FORMS: tuple[StructureForm, ...] = ("json", "text")
PAIRS = (("json", "direct"), ("text", "direct"), ("json", "cot"), ("text", "cot"), ("json", "text"))


@dataclass(slots=True)
class Call:
    """One call of the model: what was asked, and what it wrote."""

    request: GenerationRequest
    text: str = ""
    tokens: int = 0


class Counting:
    """A `Generator` that keeps every call of another in `calls`, also those that fail."""

    def __init__(self, inner: Generator) -> None:
        self.calls: list[Call] = []
        self._inner = inner

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        """See `Generator`."""
        call = Call(request)
        self.calls.append(call)
        async for piece in self._inner.generate(request, cancel=cancel):
            if isinstance(piece, TextDelta):
                call.text += piece.text
            elif isinstance(piece, Generation):
                call.tokens = piece.completion_tokens
            yield piece


async def answered(
    model: Counting, worker: Runs, asked: Sequence[Question], *, structure: ReasoningStructure | None, tail: str
) -> dict[str, Any]:
    """What a worker makes of the questions, each with a text behind it; 95 % interval (Wilson)."""
    alone = WorkerAlone(NODE.name, worker, reads=False, structure=structure)
    hits: list[bool] = []
    answers: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    before = len(model.calls)
    for question in asked:
        behind = tail.format(kind="option" if options_of(question.text) else "number")
        reply = await alone.reply(replace(question, text=f"{question.text}{behind}"), cancel=CancelToken())
        read, right = judged(reply.text, question)
        hits.append(right)
        if read:
            answers[read] += 1
        else:
            problems[reply.problem or "no option or number in its answer"] += 1
    calls = model.calls[before:]
    return {
        "right": sum(hits),
        "n": len(hits),
        "interval": proportion_interval(sum(hits), len(hits)),
        "calls": len(calls),
        "tokens": sum(call.tokens for call in calls),
        "median_tokens": median(call.tokens for call in calls),
        "unread": sum(problems.values()),
        "problems": dict(problems),
        "answers": dict(answers.most_common()),
        "hits": "".join("01"[hit] for hit in hits),
    }


async def discovered(model: Counting, examples: Sequence[str]) -> tuple[ReasoningStructure | None, dict[str, Any]]:
    """A structure for the task of some queries, None if none was found, and what the model did for it."""
    before = len(model.calls)
    found, problem = None, None
    try:
        found = await Discovery(model).discover(examples, cancel=CancelToken())
    except ToolError as error:
        problem = error.message
    calls = model.calls[before:]
    structure = None if found is None else found.structure
    return structure, {
        "calls": len(calls),
        "offered": offered(calls[0]),
        "selected": [] if found is None else list(found.modules),
        "tokens": sum(call.tokens for call in calls),
        "problem": problem,
        "valid": structure is not None and of_form(calls, structure),
        "structure": None if structure is None else structure.document(),
        "examples": list(examples),
    }


def offered(call: Call) -> int:
    """How many of the reasoning modules stand in what the model was shown, each in a line with its sentence."""
    lines = {line for message in call.request.messages for line in message.content.splitlines()}
    return sum(f"- {module.name}: {module.sentence}" in lines for module in MODULES)


def of_form(calls: Sequence[Call], structure: ReasoningStructure) -> bool:
    """Whether all calls wrote JSON, the last a list of steps, and the structure is an object with a text a key."""
    try:
        *_, steps = (json.loads(call.text) for call in calls)
        structure.filled(structure.as_json())
    except (ValueError, UsageError):
        return False
    return isinstance(steps, list) and all(isinstance(one, dict) and one.keys() == {"key", "what"} for one in steps)


async def measured(task: str, data: Path, *, limit: int) -> dict[str, Any]:
    """All arms on one task."""
    examples, asked = questions(task, data, limit=limit)
    pool = host_pool(open_graph("embedded"), settings.load())
    model = Counting(client := pool.clients[NODE.model or ""])
    arms: dict[str, dict[str, Any]] = {}
    try:
        await client.prepare()
        short = ModelWorker(replace(NODE, max_tokens=DIRECT_TOKENS), model)
        arms["direct"] = await answered(model, short, asked, structure=None, tail=DIRECT)
        arms["cot"] = await answered(model, ModelWorker(NODE, model), asked, structure=None, tail=STEPS)
        structure, discovery = await discovered(model, examples)
        for form in FORMS:
            worker = StructuredWorker(NODE, model, form=form, choices=options_of)
            arm = arms[form] = await answered(model, worker, asked, structure=structure, tail="")
            calls = model.calls[-arm["calls"] :]
            if structure is not None:
                # Of JSON all keys of the structure have a text, of text there is a final answer.
                arm["filled"] = sum(structure.final_answer(call.text, form) is not None for call in calls)
                arm["copied"] = fmean(step.what[:ALIKE] in call.text for call in calls for step in structure.steps)
            for key in ("calls", "tokens"):
                arm[key] += discovery[key]
            arm["as_promised"] = arm["calls"] == DISCOVERY_CALLS + len(asked)
    finally:
        await asyncio.to_thread(pool.close)
    options = [options_of(question.text) for question in asked]
    wanted = Counter(normalised(question.answers[0]) for question in asked)
    return {
        "n": len(asked),
        "chance": fmean(1 / len(one) for one in options) if all(options) else None,
        "commonest": max(wanted.values()) / len(asked),
        "discovery": discovery,
        "arms": arms,
        "machine": describe(),
    }


def pooled(tasks: Mapping[str, Any]) -> dict[str, Any]:
    """All tasks together: the arms, what guessing would come to, and pairs of arms by a sign test."""
    hits = {arm: [hit for one in tasks.values() for hit in one["arms"][arm]["hits"]] for arm in ARMS}
    chances = [one["chance"] or 0.0 for one in tasks.values()]
    total, arms, pairs = sum(one["n"] for one in tasks.values()), {}, []
    for arm in ARMS:
        rows = [one["arms"][arm] for one in tasks.values()]
        whole = {key: sum(row[key] for row in rows) for key in ("right", "n", "calls", "tokens", "unread")}
        guessed = sum(row["unread"] * chance for row, chance in zip(rows, chances, strict=True))
        arms[arm] = whole | {
            "interval": proportion_interval(whole["right"], total),
            "with_guesses": (whole["right"] + guessed) / total,
        }
    for one, other in PAIRS:
        pairs.append({"one": one, "other": other, **paired(hits[one], hits[other])})
    return {
        "n": total,
        "chance": sum(chance * one["n"] for chance, one in zip(chances, tasks.values(), strict=True)) / total,
        "commonest": sum(one["commonest"] * one["n"] for one in tasks.values()) / total,
        "arms": arms,
        "pairs": pairs,
    }


def page(results: Mapping[str, Any]) -> str:
    """The page of docs."""
    tasks, whole = results["tasks"], results["pooled"]
    lines = [
        "# Self-Discover, measured\n",
        "Made by `python -m benchmarks.self_discover`; the results with the machine's description are in "
        "`benchmarks/results/self-discover.json`.",
        f"The bundled model as it comes, on {whole['n']} questions of {len(tasks)} tasks of BIG-Bench Hard, the same "
        "for every arm, all greedy; right answers with 95 % intervals (Wilson).",
        f"The plan of a task is discovered once, by the same model, from {EXAMPLES} further questions without their "
        "answers. How plans work is in [structures.md](structures.md).",
        "The final answer of a plan in JSON is held to the options that a question lists, other texts are free: where "
        "none of the options, or no number, is found in a text, it is not right.\n",
        "## All tasks\n",
        "| | right | right if the rest was guessed | calls | tokens written | no answer found |",
        "|---|---|---|---|---|---|",
        *(
            f"| {ARMS[arm]} | {_figure(one)} | {one['with_guesses']:.3f} | {one['calls']} | {one['tokens']} "
            f"| {one['unread']} |"
            for arm, one in whole["arms"].items()
        ),
        "",
        *_verdicts(whole),
        "\n## Each task\n",
        "Guessing takes an option at random, and the commonest is what most of these questions have as their answer. "
        "Calls, and tokens above, are with those of the discovery; here tokens are the median of an answer. "
        "Alike is how often an arm gave the answer that it gave most.\n",
        "| task | | right | alike | calls | tokens | no answer found |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, task in tasks.items():
        chance = "no options" if task["chance"] is None else f"guessing {task['chance']:.2f}"
        lines.append(f"| `{name}` ({TASKS[name][0]}) | | {chance}, the commonest {task['commonest']:.2f} | | | | |")
        lines += [
            f"| | {ARMS[arm]} | {_figure(one)} | {max(one['answers'].values(), default=0)} | {one['calls']} "
            f"| {one['median_tokens']:.0f} | {one['unread']} |"
            for arm, one in task["arms"].items()
        ]
    lines += [
        "\n## The plans\n",
        "Copied is the share of the steps under which an answer repeats what it was told to write there.\n",
        "| task | ways of thinking offered | selected | steps | valid JSON | JSON filled | copied "
        "| text with a final answer | copied | tokens |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_plan(name, task) for name, task in tasks.items()),
        "",
        *_counts(tasks),
        *(deepthink.section(results["deepthink"], tasks) if "deepthink" in results else ()),
    ]
    return "\n".join(lines) + "\n"


def _verdicts(whole: Mapping[str, Any]) -> list[str]:
    said = [
        f"Guessing among the options would be right on {whole['chance']:.3f} of them, the commonest answer of each task"
        f" on {whole['commonest']:.3f}; questions without options count as never guessed."
    ]
    for arm, one in whole["arms"].items():
        low, high = one["interval"]
        beside = "cannot be told from guessing"
        if low > whole["chance"] or high < whole["chance"]:
            beside = f"is {'above' if low > whole['chance'] else 'below'} guessing"
        said.append(f"*{ARMS[arm]}* {beside}.")
    return [*said, *(verdict(ARMS[pair["one"]], ARMS[pair["other"]], pair) for pair in whole["pairs"])]


def _plan(name: str, task: Mapping[str, Any]) -> str:
    found, arms = task["discovery"], task["arms"]
    steps = 0 if found["structure"] is None else len(found["structure"]["steps"])
    shares = " | ".join(
        f"{arms[form].get('filled', 0)} of {task['n']} | {arms[form].get('copied', 0):.0%}" for form in FORMS
    )
    return (
        f"| `{name}` | {found['offered']} of {len(MODULES)} | {', '.join(found['selected'])} | {steps} "
        f"| {'yes' if found['valid'] else 'no'} | {shares} | {found['tokens']} |"
    )


def _counts(tasks: Mapping[str, Any]) -> list[str]:
    odd = [name for name, task in tasks.items() if not all(task["arms"][form]["as_promised"] for form in FORMS)]
    valid = sum(task["discovery"]["valid"] for task in tasks.values())
    filled, total = (sum(task["arms"]["json"].get(key, 0) for task in tasks.values()) for key in ("filled", "n"))
    problems = {name: task["discovery"]["problem"] for name, task in tasks.items()}
    return [
        f"{valid} of {len(tasks)} plans are valid JSON of the form asked for, and {filled} of {total} answers in JSON "
        "parse as the plan filled.",
        f"A task of N questions took N + {DISCOVERY_CALLS} calls in each form, counted at the model: "
        f"{len(tasks) - len(odd)} of {len(tasks)} tasks" + (f", not {', '.join(odd)}." if odd else "."),
        *(f"`{name}` has no plan, both forms answered without one: {why}." for name, why in problems.items() if why),
    ]


def _figure(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['right'] / one['n']:.3f} [{low:.3f}, {high:.3f}] of {one['n']}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", choices=TASKS, default=[], help="measure these anew, and no others")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    parser.add_argument("--deepthink", action="store_true", help="and have optillm answer some of the questions")
    arguments = parser.parse_args()
    if arguments.data is None and not arguments.page:
        parser.error("give --data or --page")
    results = json.loads(OUTPUT.read_text()) if OUTPUT.is_file() else {"tasks": {}}
    tasks = results["tasks"]
    for name in () if arguments.page else arguments.only or [task for task in TASKS if task not in tasks]:
        tasks[name] = asyncio.run(measured(name, arguments.data, limit=arguments.limit))
        results["tasks"] = tasks = {task: tasks[task] for task in TASKS if task in tasks}
        results["pooled"] = pooled(tasks)
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n")
        print(name, json.dumps(tasks[name]), flush=True)
    if arguments.deepthink:
        results["deepthink"] = asyncio.run(deepthink.measured(arguments.data, NODE))
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
