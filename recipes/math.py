"""Examples for the workers `math` and `reasoning`: the same word problems, solved by a program and in words.

    python -m recipes.math program math.jsonl --gsm8k gsm8k/train.jsonl.gz
    python -m recipes.math words reasoning.jsonl --gsm8k gsm8k/train.jsonl.gz

They come from the templates of `recipes/problems` and from the train split of GSM8K (Cobbe et al. 2021), whose
solutions carry the arithmetic in marks such as ``<<48/2=24>>``. Its last 500 problems are left out: they measure.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from octograph.agents.evaluation.data import lines_of
from octograph.nodes.tools.program import computed
from recipes.word_problems import Problem, Template, read_templates

HELD_OUT = 500
"""Problems at the end of GSM8K's train split that are never trained on."""

MOST_WORDS, MOST_STEPS = 55, 5
"""Of GSM8K's problems: the longest ones teach a model of this size least for their time."""

COMMON = {*map(float, range(13)), 20.0, 24.0, 30.0, 52.0, 60.0, 100.0, 365.0, 1000.0}
"""Numbers that a step may have from a problem's words, or from nowhere: a dozen, hours of a day, a hundred per cent."""

_NUMBER = re.compile(r"[0-9]*\.?[0-9]+")
_MARKED = re.compile(r"<<([^<>]*)>>")
_LINE_END = re.compile(r"\s*####.*", re.DOTALL)


def from_gsm8k(path: Path) -> Iterator[tuple[Problem, str]]:
    """Give the problems whose marks lead to their answer, each with its solution in words."""
    lines = [line for _, line in lines_of(path)]
    for line in lines[:-HELD_OUT]:
        steps = []
        for mark in _MARKED.findall(line["solution"]):
            expression = re.sub(r"[\s,$]", "", mark.partition("=")[0])
            result = computed(expression)
            if result is None:
                break
            steps.append(f"{expression}={result}")
        else:
            answer = str(line["answers"][0]).replace(",", "")
            short = len(line["question"].split()) <= MOST_WORDS and len(steps) <= MOST_STEPS
            if short and steps and _complete(line["question"], steps) and _same(steps[-1].partition("=")[2], answer):
                words = _LINE_END.sub("", _MARKED.sub("", line["solution"])).strip()
                yield Problem(text=line["question"].strip(), steps=tuple(steps), answer=answer), words


def in_words(problem: Problem, draw: random.Random) -> str:
    """A drawn problem's solution as somebody might tell it."""
    starts = (("First, ", "Then ", "Next, ", "Finally, "), ("", "", "", ""), ("We compute ", "So ", "Then ", "So "))
    chosen = draw.choice(starts)
    lines = []
    for place, step in enumerate(problem.steps):
        spaced = re.sub(r"(?<=[\w)])([-+*/=])", r" \1 ", step)
        lines.append(f"{chosen[min(place, 3)]}{spaced}.")
    return "\n".join(lines)


def drawn(templates: list[Template], count: int, draw: random.Random) -> Iterator[Problem]:
    """Give `count` different problems, of each template about as many."""
    seen: set[str] = set()
    while len(seen) < count:
        for template in draw.sample(templates, len(templates)):
            problem = template.draw(draw)
            if problem.text not in seen and len(seen) < count:
                seen.add(problem.text)
                yield problem


def main() -> None:
    """Write the examples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=("program", "words"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--gsm8k", type=Path, required=True)
    parser.add_argument("--drawn", type=int, default=4000, help="problems from templates")
    parser.add_argument("--told", type=int, default=4000, help="problems from GSM8K, at most")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    form: Literal["program", "words"] = arguments.form
    draw = random.Random(arguments.seed)
    templates = [
        template
        for path in sorted(Path(__file__).with_name("problems").glob("*.toml"))
        for template in read_templates(path)
    ]
    made = [(problem, in_words(problem, draw)) for problem in drawn(templates, arguments.drawn, draw)]
    told = [*from_gsm8k(arguments.gsm8k)]
    made += draw.sample(told, min(arguments.told, len(told)))
    draw.shuffle(made)
    with arguments.out.open("w", encoding="utf-8") as file:
        for problem, words in made:
            answer = "\n".join(problem.steps) if form == "program" else f"{words}\nThe answer is {problem.answer}."
            file.write(json.dumps({"question": problem.text, "answers": [answer]}, ensure_ascii=False) + "\n")


def _complete(question: str, steps: list[str]) -> bool:
    """Whether every line computes something, from numbers that are known there: a solution may leave out marks."""
    known = {float(number) for number in _NUMBER.findall(question.replace(",", ""))} | COMMON
    known |= {number / 100 for number in known}
    for step in steps:
        expression, _, result = step.partition("=")
        numbers = {float(number) for number in _NUMBER.findall(expression)}
        if not re.search(r"[-+*/]", expression) or not numbers <= known:
            return False
        known |= {float(result), float(result) / 100}
    return True


def _same(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) < 1e-6
    except ValueError:
        return False


if __name__ == "__main__":
    main()
