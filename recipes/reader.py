"""Examples for the worker `reader`: questions on passages, some with no answer there.

    python -m recipes.reader squad/train.jsonl.gz reader.jsonl

The input has lines ``{"title", "context", "question", "answers"}``. Passages with several questions come first, since
what is shared is computed once in training. Questions without an answer are made by pairing a passage with a question
on another one, of the same article for half of them: those are hard to tell.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octograph.agents.evaluation.data import lines_of
from octograph.nodes.grounded import NOT_FOUND

LONGEST = 900
"""Characters of a passage."""

CUT, WINDOW = 0.25, 420
"""Share of passages of which only some sentences are shown, and how many characters of them: short passages cost
less, and pieces of documents do not begin where articles do."""

UNANSWERED = 0.5
"""Questions without an answer for each passage, on average."""

SEVERAL = 0.2
"""Share of prompts with two or three passages."""

TOGETHER = 1200
"""Characters of those."""

_SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Asked:
    """A passage and the questions that it answers."""

    title: str
    text: str
    questions: tuple[tuple[str, str], ...]


def read(path: Path) -> list[Asked]:
    """Return the passages of a file, those with most questions first."""
    questions: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for _, line in lines_of(path):
        # The shortest reference is the one that people would give as an answer.
        questions[line["title"].replace("_", " "), line["context"]].append(
            (line["question"].strip(), min(line["answers"], key=len))
        )
    passages = [Asked(title, text, tuple(asked)) for (title, text), asked in questions.items() if len(text) <= LONGEST]
    return sorted(passages, key=lambda passage: -len(passage.questions))


def cut(passage: Asked, draw: random.Random) -> Asked:
    """Some sentences of a passage, with the questions that they answer; one of them at least."""
    sentences = _SENTENCE.split(passage.text)
    _, answer = draw.choice(passage.questions)
    first = next((place for place, one in enumerate(sentences) if answer in one), None)
    if first is None:
        return passage
    last = first
    while len(" ".join(sentences[first : last + 1])) < WINDOW and (first > 0 or last < len(sentences) - 1):
        if first > 0 and (last == len(sentences) - 1 or draw.random() < 0.5):
            first -= 1
        else:
            last += 1
    text = " ".join(sentences[first : last + 1])
    return Asked(passage.title, text, tuple(pair for pair in passage.questions if pair[1] in text))


def examples(passages: Sequence[Asked], *, count: int, draw: random.Random) -> Iterator[Mapping[str, Any]]:
    """Give at least `count` examples; all questions of a passage come together."""
    by_title: dict[str, list[Asked]] = defaultdict(list)
    for passage in passages:
        by_title[passage.title].append(passage)
    given = 0
    for passage in passages:
        if given >= count:
            return
        if draw.random() < CUT:
            passage = cut(passage, draw)
        shown = [passage]
        if draw.random() < SEVERAL:
            for other in draw.sample(by_title[passage.title], min(2, len(by_title[passage.title]))):
                other = cut(other, draw)
                if other.text not in passage.text and sum(len(one.text) for one in (*shown, other)) <= TOGETHER:
                    shown.append(other)
            draw.shuffle(shown)
        asked = [*passage.questions]
        if draw.random() < UNANSWERED:
            others = by_title[passage.title] if draw.random() < 0.5 else passages
            other = draw.choice(others)
            question, answer = draw.choice(other.questions)
            if all(answer.lower() not in one.text.lower() for one in shown):
                asked.append((question, NOT_FOUND))
        told = [{"title": one.title, "text": one.text} for one in shown]
        for question, answer in asked:
            yield {"question": question, "answers": [answer], "passages": told}
            given += 1


def main() -> None:
    """Write the examples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    with arguments.out.open("w", encoding="utf-8") as file:
        for line in examples(read(arguments.data), count=arguments.count, draw=draw):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
