"""What is exported reads well, and reads back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from octograph.agents import Attempt, Citation, ThreadInfo, Turn
from octograph.agents.transcript import transcript
from octograph.errors import ThreadError, UsageError
from octograph.testing import FixedRouter, ScriptedWorker, make_octograph

INFO = ThreadInfo(
    id="t", title="How far? *x*", created="2026-01-05T12:00:00+00:00", updated="2026-01-05T12:03:00+00:00"
)
ANSWERED = Turn(
    id="1",
    thread="t",
    query="How far is 10 miles?",
    status="answered",
    text="16 km",
    worker="units",
    source="tool",
    route={"probability": 0.974},
    tried=(Attempt(worker="chat", reason="it was not sure", text="Far", score=-1.234),),
    seconds=0.51,
)
READ = Turn(
    id="2",
    thread="t",
    query="And the lease?",
    status="answered",
    text="Three months [1].",
    worker="reader",
    source="model",
    score=-0.2,
    citations=(Citation(number=1, source="/a_b/lease.pdf", title="", heading="", page=3, text="…", similarity=0.5),),
)
ABSTAINED = Turn(id="3", thread="t", query="Where is my car?", status="abstained", text="I don't know.")

MARKDOWN = r"""# How far? \*x\*

_2026-01-05 12:00 to 2026-01-05 12:03_

---

> How far is 10 miles?

16 km

_answered by units, exact · chosen with 97% · 0.5 s_

Tried before:

- chat: it was not sure (score -1.23)

---

> And the lease?

Three months [1].

_answered by reader (score -0.20) · 0.0 s_

Sources:

- [1] /a\_b/lease.pdf, page 3

---

> Where is my car?

I don't know.

_not answered · 0.0 s_
"""


def test_markdown_for_people() -> None:
    assert transcript(INFO, [ANSWERED, READ, ABSTAINED], form="markdown") == MARKDOWN


def test_a_thread_without_turns() -> None:
    assert transcript(INFO, [], form="markdown") == MARKDOWN.partition("\n\n---")[0] + "\n"


def test_json_reads_back(tmp_path: Path) -> None:
    router = FixedRouter(("chat", "other"), {"Hi \x9b🎉": {"chat": 0.6, "other": 0.3}}, otherwise="chat")
    with make_octograph(
        tmp_path, {"chat": ScriptedWorker(), "other": ScriptedWorker(["Hé\x1b"])}, router=router
    ) as octo:
        turns = [octo.ask(query, thread="t") for query in ("Hi \x9b🎉", "And?")]
        fork = octo.threads.fork("t", turns[0].id)
        text, forked = octo.threads.export("t", form="json"), octo.threads.export(fork, form="json")
        info = octo.threads.info("t")
        with pytest.raises(ThreadError, match="no thread 'elsewhere'"):
            octo.threads.export("elsewhere")
        with pytest.raises(UsageError, match="no form"):
            octo.threads.export("t", form="pdf")  # type: ignore[arg-type]  # what a caller may try
    assert turns[0].tried
    document = json.loads(text)
    assert document["format"] == "octograph-thread-1"
    assert ThreadInfo(**document["thread"]) == info
    assert [Turn.from_document(turn) for turn in document["turns"]] == turns
    assert json.loads(forked)["thread"]["parent"] == "t"
    assert text.isascii()  # so no terminal obeys any of it


NASTY = "# Title\n\n```\nnever ended\n\n---\n<b>\n- x"


def blocks(text: str) -> list[str]:
    """The outermost blocks of a Markdown text, in order."""
    return [token.type for token in MarkdownIt().parse(text) if token.level == 0 and token.nesting >= 0]


def test_what_users_and_models_write_stays_in_its_place() -> None:
    nasty = Turn(id="1", thread="t", query=NASTY, status="cancelled", text="Look:\n\n~~~python\nx = 1", worker="a_b")
    text = transcript(INFO, [nasty, ABSTAINED], form="markdown")
    assert blocks(text) == [
        *("heading_open", "paragraph_open", "hr"),
        *("blockquote_open", "paragraph_open", "fence", "paragraph_open", "hr"),
        *("blockquote_open", "paragraph_open", "paragraph_open"),
    ]


@pytest.mark.parametrize(
    "answer", ["```\nx\n```", "~~~~\nx\n```\n~~~~", "Text\n\n```py\nx\n```", "- a\n  ```\n  x\n  ```"]
)
def test_a_code_block_that_is_ended_is_left_alone(answer: str) -> None:
    turn = Turn(id="1", thread="t", query="Code?", status="answered", text=answer)
    text = transcript(INFO, [turn], form="markdown")
    assert f"> Code?\n\n{answer}\n\n_answered" in text


@pytest.mark.parametrize("answer", ["```", "```\n", "````\nx\n```", "Text\n\n~~~\nx"])
def test_a_code_block_that_is_not_ended_is(answer: str) -> None:
    turn = Turn(id="1", thread="t", query="Code?", status="answered", text=answer)
    assert blocks(transcript(INFO, [turn], form="markdown"))[-1] == "paragraph_open"


def test_control_characters_are_not_exported() -> None:
    turn = Turn(id="1", thread="t", query="\x1b[31mred", status="answered", text="\x9bblue", worker="\x07")
    assert all(one.isprintable() or one == "\n" for one in transcript(INFO, [turn], form="markdown"))
