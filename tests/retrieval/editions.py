"""What the tests of interruptions share: libraries in editions, and a writer in a process that can be killed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from octograph.cancellation import CancelToken
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.passage import Hit
from octograph.retrieval.searching import Method, Query

Make = Callable[..., KnowledgeBase]
Texts = Mapping[str, str]
"""What is in the files of a library, by name."""

WORDS = [
    f"{a}{b}{c}" for a in ("ka", "lo", "mi", "ru", "te") for b in ("ban", "dol", "fir", "gus") for c in ("ta", "no")
]
PAGE = 4096
SLOW = [pytest.mark.slow, pytest.mark.timeout(3600)]

STARTER = """
import asyncio, json, os, sys
from pathlib import Path
import bm25s, faiss, scipy.sparse  # here, and not in each child anew
from bm25s.stopwords import STOPWORDS_EN
from Stemmer import Stemmer
from octograph.cancellation import CancelToken
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder

splitter = Splitter(Path(sys.argv[1]))

def tell(**said):
    os.write(1, json.dumps(said).encode() + b"\\n")

def add(base, library):
    def progress(now):
        tell(passages=now.passages, seen=now.files == now.total)

    there = KnowledgeBase(Path(base), embedder=FakeEmbedder(), splitter=lambda: splitter)
    report, plan = asyncio.run(there.add([Path(library)], prune=True, progress=progress, cancel=CancelToken()))
    assert report.finished and not report.skipped, report

for order in sys.stdin:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            add(**json.loads(order))
            status = 0
        except Exception as error:
            sys.stderr.write(repr(error))
        finally:
            sys.stderr.flush()
            os._exit(status)
    tell(pid=child)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # its id stays taken until nobody can send it a signal
    tell(ended=True)
    sys.stdin.readline()
    tell(status=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Adds to knowledge bases, each time in a fork of its own: what takes a second to import is there already."""


@dataclass(kw_only=True)
class Run:
    """What was seen of a process that added to a knowledge base; `tail` is from the last file read to its end."""

    status: int = 0
    passages: int = 0
    seconds: float = 0.0
    tail: float = 0.0


class Starter:
    """Runs processes that add to knowledge bases."""

    def __init__(self, tokenizer: Path) -> None:
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        command = [sys.executable, "-c", STARTER, str(tokenizer)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **one}
        )

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def add(self, base: Path, library: Path, *, kill_after: float | None = None, late: bool = False) -> Run:
        """Add a library to a base; perhaps kill it some seconds after it began, or after the last file if `late`."""
        self._tell(json.dumps({"base": str(base), "library": str(library)}))
        victim = self._said()["pid"]
        timer = None if kill_after is None else threading.Timer(kill_after, os.kill, (victim, signal.SIGKILL))
        if timer is not None and not late:
            timer.start()
        run, start, last = Run(), time.monotonic(), None
        while "ended" not in (said := self._said()):
            run.passages = said["passages"]
            if said["seen"] and last is None:
                last = time.monotonic()
                if timer is not None and late:
                    timer.start()
        run.seconds = time.monotonic() - start
        run.tail = time.monotonic() - (last or start)
        if timer is not None:
            timer.cancel()
            if timer.ident is not None:
                timer.join()
        self._tell("")
        run.status = self._said()["status"]
        return run

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


class Library:
    """A new folder of files of several sizes that change from edition to edition; `texts` is what is in them."""

    def __init__(self, folder: Path, size: int, *, seed: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.size = size
        self.texts: dict[str, str] = {}
        self.edition = 0
        self._draw = random.Random(seed)
        self._written = 0
        self._grow(size)

    def renew(self) -> None:
        """Change a tenth of the files, remove some and add as many.

        In a large library there is a file of two portions that comes and goes.
        """
        self.edition += 1
        names = sorted(self.texts.keys() - {"long.txt"})
        drawn = self._draw.sample(names, len(names) // 8)
        gone = drawn[: len(drawn) // 5]
        long = self.size >= 1000 and self.edition % 3 > 0
        for name in gone if long else [*gone, "long.txt"]:
            (self.folder / name).unlink(missing_ok=True)
            self.texts.pop(name, None)
        for name in drawn[len(gone) :]:
            self._write(name)
        if long:
            self._write("long.txt")
        self._grow(len(gone))

    def rewrite(self, *, more: int) -> None:
        """Write all files anew, and some more."""
        self.edition += 1
        for name in self.texts:
            self._write(name)
        self._grow(more)

    def _grow(self, more: int) -> None:
        for number in range(self._written, self._written + more):
            self._write(f"{number:05}.txt")
        self._written += more

    def _write(self, name: str) -> None:
        text = f"Note {name[:-4]} says edition{self.edition} of it."
        if name == "long.txt":  # of few words, which the fake embeds soon, with many tokens
            text += "".join(f"\n\n{' '.join(self._draw.randbytes(39).hex() for _ in range(4))}" for _ in range(600))
        else:
            sentences = 60 if name.endswith("50.txt") else self._draw.choice((1, 1, 2, 4))
            text += "".join(f" {' '.join(self._draw.choices(WORDS, k=8))}." for _ in range(sentences))
        (self.folder / name).write_text(text, encoding="utf-8")
        self.texts[name] = text


def digests(texts: Texts) -> dict[str, bytes]:
    return {name: hashlib.sha256(text.encode()).digest() for name, text in texts.items()}


def search(base: KnowledgeBase, text: str, method: Method = "hybrid", k: int = 20) -> list[Hit]:
    query = Query(text=text, vector=None, k=k, method=method, distinct=False)
    return asyncio.run(base.search(query, cancel=CancelToken()))


def check(base: KnowledgeBase, editions: Sequence[Texts]) -> Texts:
    """Look at all of a base; what it shows: each document as it is in one of the editions, and all that are in each."""
    if not base.exists:
        assert {} in editions
        return {}
    shown: dict[str, str] = {}
    with closing(base):
        assert base.verify() == []
        for entry in base.entries():
            name = Path(entry.source).name
            texts = {edition[name] for edition in editions if name in edition}
            (shown[name],) = (text for text in texts if digests({name: text})[name] == entry.stamp.digest)
        assert set.intersection(*(set(edition) for edition in editions)) <= shown.keys()
        for text in ("note 00007", "edition0", "edition1", "what says edition2", WORDS[3]):
            hits = search(base, text)
            assert bool(hits) == bool(shown)
            assert all(hit.passage.text in shown[Path(hit.source).name] for hit in hits)
    return shown


def content(base: KnowledgeBase) -> dict[str, object]:
    """What is to be the same in two bases, however they came about; their indexes are made anew."""
    with closing(base):
        status = base.status()
        assert status.pending == 0
        assert base.verify() == []
        content = {
            "entries": [(entry.source, entry.stamp, entry.passages) for entry in base.entries()],
            "passages": status.passages,
            **_found(base, "dense"),
        }
    files = {path.name for path in base.folder.iterdir()}
    assert len(files) == 3, files  # the catalogue, the lock and one index; nothing is left of what was interrupted
    with closing(base):
        # The weights of words also count the places of passages that are gone, which tell how the index came about.
        asyncio.run(base.repair())
        return content | _found(base, "bm25")


def _found(base: KnowledgeBase, method: Method) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in (*WORDS[:4], "note 00009", "edition0", "edition3 of it"):
        hits = search(base, text, method)
        lowest = min((hit.score for hit in hits), default=0.0)
        found[f"{method} {text}"] = [
            # Among passages of equal scores at the end, either may be there.
            (round(hit.score, 4), hit.source if hit.score > lowest + 1e-3 else "")
            for hit in sorted(hits, key=lambda hit: (-round(hit.score, 4), hit.source))
        ]
    return found


# --- killed ----------------------------------------------------------------------------------------------------


def add_library(base: KnowledgeBase, library: Library) -> None:
    asyncio.run(base.add([library.folder], prune=True, cancel=CancelToken()))
