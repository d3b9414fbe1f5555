"""Questions from which the worker `reader` learns to tell whether it is right: on passages that it was not trained on.

    python -m recipes.evaluator squad/train.jsonl.gz reader.jsonl evaluator.jsonl

The input has lines ``{"title", "context", "question", "answers"}``; `reader.jsonl` is what `recipes.reader` made of
it. On what it was trained on the reader is right too often.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from octograph.agents.evaluation.data import lines_of

LONGEST = 600
"""Characters of a passage, below that: each question is read ten times over."""


def untrained(data: Path, trained: Path) -> Iterator[Mapping[str, Any]]:
    """Give the questions whose passage is not, in whole or in part, among those of a training."""
    shown = sorted({passage["text"] for _, line in lines_of(trained) for passage in line["passages"]})
    together = "\n\n".join(shown)

    @cache
    def known(passage: str) -> bool:
        return passage in together or any(piece in passage for piece in shown)

    for _, line in lines_of(data):
        if len(line["context"]) < LONGEST and not known(line["context"]):
            yield {key: line[key] for key in ("question", "answers", "context", "title")}


def main() -> None:
    """Write the questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=1250)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    questions = [*untrained(arguments.data, arguments.trained)]
    random.Random(arguments.seed).shuffle(questions)
    with arguments.out.open("w", encoding="utf-8") as file:
        for line in questions[: arguments.count]:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
