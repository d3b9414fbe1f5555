from __future__ import annotations

from octograph.tui.threads.history import History


def test_walks_back_and_forth_and_keeps_the_draft() -> None:
    history = History(["one", "two"])
    assert [history.back("draft"), history.back("two"), history.back("one")] == ["two", "one", None]
    assert [history.forward("one"), history.forward("two"), history.forward("draft")] == [
        "two",
        "draft",
        None,
    ]


def test_a_question_asked_twice_in_a_row_is_there_once() -> None:
    history = History()
    history.add("one")
    history.add("one")
    assert history.back("") == "one"
    assert history.back("one") is None


def test_adding_ends_the_walk() -> None:
    history = History(["one", "two"])
    history.back("")
    history.back("two")
    history.add("three")
    assert history.back("") == "three"
    assert history.forward("three") == ""
