from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from octograph.errors import KnowledgeError
from octograph.retrieval.documents import Document
from octograph.retrieval.splitting import CAPACITY, Splitter

MARKDOWN = "# Manual\n\nIntro.\n\n## Care\n\n" + "Clean it with a soft cloth. " * 60 + "\n\n## Repair\n\n### Pump\n\n"
MARKDOWN += "Replace the pump when it leaks. " * 60


@pytest.fixture(scope="module")
def counting(tokenizer: Path) -> Tokenizer:
    found = Tokenizer.from_file(str(tokenizer))
    found.no_truncation()
    return found


def test_passages_stand_under_their_headings(splitter: Splitter) -> None:
    passages = splitter.split(Document(text=MARKDOWN, markup="markdown", title="Manual"))
    headings = [passage.heading for passage in passages]
    assert headings[0].startswith("Manual")
    assert "Manual > Repair > Pump" in headings
    assert all(passage.title == "Manual" for passage in passages)
    assert all("Replace" not in p.text or "Repair" in p.heading for p in passages if p.text.startswith("Replace"))


def test_no_passage_is_longer_than_the_embedder_reads(splitter: Splitter, counting: Tokenizer) -> None:
    texts = [MARKDOWN, "word " * 5000, "x" * 9000, "One. " * 2000, "日本語の文章です。" * 400]
    for text in texts:
        for passage in splitter.split(Document(text=text, markup="text", title="T")):
            assert len(counting.encode(passage.text, add_special_tokens=False).ids) <= CAPACITY


def test_pages_count_from_one(splitter: Splitter) -> None:
    pages = ["First page. " * 80, "Second page. " * 80, "Third page. " * 80]
    text = "\n\n".join(pages)
    starts = (0, len(pages[0]) + 2, len(pages[0]) + len(pages[1]) + 4)
    passages = splitter.split(Document(text=text, markup="text", title="T", pages=starts))
    assert [passage.page for passage in passages] == sorted(passage.page or 0 for passage in passages)
    for passage in passages:
        first = passage.text.split()[0]
        if first in ("First", "Second", "Third"):
            assert passage.page == ("First", "Second", "Third").index(first) + 1


def test_hash_signs_in_code_are_no_headings(splitter: Splitter) -> None:
    text = "# Real\n\n```sh\n# not a heading\nls\n```\n\n" + "Words after it. " * 100
    passages = splitter.split(Document(text=text, markup="markdown", title="T"))
    assert {passage.heading for passage in passages} == {"Real"}


def test_the_title_is_said_once(splitter: Splitter) -> None:
    (passage,) = splitter.split(Document(text="# Lease\n\nRent is due.", markup="markdown", title="Lease"))
    assert passage.indexed.count("Lease") == 2  # as the heading above it, and as it stands in the text


def test_a_tokenizer_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="tokenizer"):
        Splitter(tmp_path / "tokenizer.json")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=3000))
@settings(max_examples=25, deadline=None)
def test_nothing_is_lost(splitter: Splitter, text: str) -> None:
    passages = splitter.split(Document(text=text, markup="text", title="T"))
    kept = set("".join(passage.text for passage in passages).split())
    joined = "".join("".join(passage.text.split()) for passage in passages)
    assert all(word in kept or word in joined for word in text.split() if len(word) < 100)
