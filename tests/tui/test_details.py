from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App
from textual.widgets.collapsible import CollapsibleTitle

from octograph.agents import Asked, Attempt, Finished, Judged, Retrieved, Started, StepStarted, Structured, Turn
from octograph.agents.judging import Judgement
from octograph.graph import open_graph
from octograph.tui.drawing.reasons import reasons
from octograph.tui.drawing.strokes import ASCII
from octograph.tui.screens.details import DetailsScreen
from octograph.tui.testing import a_route, abstained, answered, escalated, planned
from octograph.tui.turns.account import Account
from tests.tui.accounts import HIT, UNSURE, grounded, told, weighed, withheld

ReadScreen = Callable[[App[None]], str]
EMBEDDED = open_graph("embedded")
SIZE = (80, 40)


async def shown(account: Account, read: ReadScreen, *keys: str, size: tuple[int, int] = SIZE) -> str:
    app = App[None]()
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        app.push_screen(DetailsScreen(account, graph=EMBEDDED))
        await pilot.pause(0.3)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause(0.2)
        return read(app)


def said(account: Account) -> str:
    return "\n".join(reasons(account, EMBEDDED))


def test_the_decision_is_told_in_plain_words_with_numbers() -> None:
    words = said(told(weighed()))
    assert "The master chose math with 62 %" in words
    assert "Next came calculator 30 %, no worker fits 5 %, units 3 %." in words
    assert "g = -0.31" in words
    assert "At least -0.60 is required of math, so that was enough." in words
    assert "rests on how likely the answer was." in words


def test_what_was_tried_is_told_with_the_reason_and_who_came_next() -> None:
    words = said(told(grounded()))
    assert f'knowledge was asked, and its answer not taken ("{UNSURE}"). reader was asked instead.' in words
    assert "reader answered." in words
    assert "Nothing is required of reader." in words


def test_an_abstention_is_a_result() -> None:
    nobody, unsure = said(told(abstained("q", "I don't know."))), said(told(withheld()))
    assert nobody.startswith('"I don\'t know" is the result: no worker fits the query.')
    assert "The master found that no worker fits: 63 %." in nobody
    assert unsure.startswith('"I don\'t know" is the result: not sure enough')
    assert "so that was too little" in unsure
    for words in (nobody, unsure):
        assert "fail" not in words
        assert "error" not in words


def test_a_tool_is_exact_and_needs_no_score() -> None:
    words = said(told(answered("q", "816", tool=True)))
    assert "by computing it, so the answer is exact." in words
    assert "needs no score" in words


def test_what_a_thread_no_longer_tells_is_read_from_the_graph() -> None:
    finished = withheld()[-1]
    assert isinstance(finished, Finished)
    kept = Account.of(finished.turn)
    assert "At least -0.60 is required of knowledge, so that was too little." in said(kept)
    assert "required" not in "\n".join(reasons(kept))


def test_the_other_ends_of_a_turn_are_told_too() -> None:
    turn = Turn(id="1", thread="t", query="q", status="interrupted", text="")
    assert said(Account.of(turn)) == "It was interrupted before it was done."
    assert said(Account.of(replace(turn, status="cancelled"))) == "You stopped it."
    assert said(Account.of(replace(turn, status="failed", text="no memory"))) == "It failed: no memory"
    named = Account.of(replace(turn, status="answered", text="7", worker="math", source="model"))
    assert "You named math, so the master was not asked." in said(named)
    assert "The answer was not scored." in said(named)
    assert said(Account().after(Started(thread="t", turn="1", query="q"))) == "The master is choosing."
    asked = Account().after(StepStarted(step="generate", worker="math"))
    assert said(asked).startswith("math is being asked.")


def test_a_person_is_told_what_to_choose_and_what_the_judge_says() -> None:
    judgements = {
        "knowledge": Judgement(answer="a", scores={"r": -0.5}),
        "math": Judgement(answer="b", scores={"r": -2}),
    }
    attempt = Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4)
    turn = Turn(id="2", thread="t", query="q", status="waiting", text="…", tried=(attempt,))
    account = told(
        [
            *grounded()[:7],
            Judged(judgements=judgements, seconds=0.1),
            Asked(attempts=(attempt,), choices=("answer", "abstain")),
            Finished(turn=turn),
        ]
    )
    words = said(account)
    assert "you choose: answer, abstain." in words
    assert "knowledge -0.50, math -2.00" in words
    failed = account.after(Judged(judgements={}, seconds=0.1, problem="it was stopped"))
    assert "The answers were not compared: it was stopped." in said(failed)


def test_chances_and_other_words_are_told() -> None:
    beats = answered("q", "7", distribution={"math": 0.6, "chat": 0.4}, chances={"math": 0.71})
    assert "it is right with a chance of 71 %" in said(told(beats))
    account = told(weighed())
    assert account.routing is not None
    other = replace(account, routing=replace(account.routing, reformulated="12 - 5"))
    assert "It was asked in other words: 12 - 5" in said(other)


async def test_the_keyboard_is_enough(read_screen: ReadScreen) -> None:
    screen = await shown(told(weighed()), read_screen)
    assert "▾ The decision" in screen
    assert "▸ Candidates (4)" in screen
    screen = await shown(told(weighed()), read_screen, "enter", "down", "enter")
    assert "▸ The decision" in screen
    assert "▸ math" in screen
    assert "30 %" in screen
    screen = await shown(told(weighed()), read_screen, "down", "up", "enter")
    assert "▸ The decision" in screen


async def test_escape_closes() -> None:
    app = App[None]()
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(DetailsScreen(told(weighed())))
        await pilot.pause()
        assert isinstance(app.screen, DetailsScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, DetailsScreen)


async def test_on_a_small_screen_down_scrolls_to_the_next_title() -> None:
    app = App[None]()
    async with app.run_test(size=(46, 12)) as pilot:
        app.push_screen(DetailsScreen(told(grounded()), graph=EMBEDDED))
        await pilot.pause(0.3)
        titles = app.screen.query(CollapsibleTitle)
        for _ in range(40):
            await pilot.press("down")
        await pilot.pause()
        focused = app.screen.focused
        assert focused is not None
        shown_titles = [title for title in titles if title in app.screen.focus_chain]
        assert focused is shown_titles[-1]
        await pilot.press("pageup", "pageup")
        for _ in range(40):
            await pilot.press("up")
        assert app.screen.focused is titles[0]


async def test_passages_can_be_read_with_their_scores_and_places(read_screen: ReadScreen) -> None:
    screen = await shown(told(grounded()), read_screen, "down", "down", "down", "enter", "down", "enter")
    assert "▾ Passages for reader (2)" in screen
    assert "▾ [1] 0.71 lease.pdf, p. 3, Notice" in screen
    assert "▸ 0.33 lease.pdf, p. 5, Repairs" in screen
    assert "/home/me/papers/lease.pdf, page 3, Notice" in screen
    assert "score 0.71, dense 0.64, bm25 8.20, similarity 0.64" in screen
    assert "The notice period is three months." in screen


async def test_the_passages_of_a_thread_can_be_read(read_screen: ReadScreen) -> None:
    finished = grounded()[-1]
    assert isinstance(finished, Finished)
    screen = await shown(Account.of(finished.turn), read_screen, "enter", "down", "down", "down", "enter")
    assert "▾ Passages (1)" in screen
    assert "▸ [1] 0.64 lease.pdf, p. 3, Notice" in screen


async def test_branches_tell_their_answers_and_which_was_taken(read_screen: ReadScreen) -> None:
    keys = ("enter", "down", "down", "down", "enter", "down", "enter")
    screen = await shown(told(weighed()), read_screen, *keys)
    assert "7: 2 of 4 texts, Delta 1.46 in sum" in screen
    assert "▾ ✓ 1. 7, Delta 0.82" in screen
    assert "There are 12 - 5 = 7 eggs." in screen
    assert "3. 7, Delta 0.64" in screen
    assert "no answer, does not count: a question" in screen


async def test_the_structure_is_told_step_by_step(read_screen: ReadScreen) -> None:
    screen = await shown(told(weighed()), read_screen, "down", "down", "enter")
    assert "discovered by smollm2 in 3 calls" in screen
    assert "1. Facts: What is given" in screen
    assert "3. Final answer" in screen


async def test_why_there_is_no_structure_is_told(read_screen: ReadScreen) -> None:
    missing = Structured(
        worker="math", task="math", structure=None, model="", calls=0, seconds=0.1, problem="it wrote no plan"
    )
    script = weighed()
    account = told([*script[:4], missing, *script[5:]])
    screen = await shown(account, read_screen, "down", "down", "enter")
    assert "it wrote no plan" in screen


async def test_a_plan_is_told_with_what_each_step_came_to(read_screen: ReadScreen) -> None:
    script = planned("q", [("calculator", "What is 3 * 4?", "12"), ("units", "Convert it", "7.5 miles")])
    screen = await shown(told(script), read_screen, "down", "down", "enter", "down", "enter")
    assert "▾ Plan (2 steps)" in screen
    assert "▾ ✓ 1. calculator 90 %" in screen
    assert "asked: What is 3 * 4?" in screen
    assert "calculator: 12" in screen


async def test_time_and_tokens_are_told(read_screen: ReadScreen) -> None:
    screen = await shown(told(weighed()), read_screen, "enter", *["down"] * 4, "enter")
    assert "5.50 s" in screen
    assert "math read 120 tokens (96 from the cache) and wrote 40 at 20.0 a second." in screen


async def test_words_of_models_and_files_are_only_shown(read_screen: ReadScreen) -> None:
    evil = "[$red]x \x1b]52;c;aGk=\x07[@click=app.quit]end"
    hit = replace(HIT, source=f"/tmp/{evil}", passage=replace(HIT.passage, text=evil, heading=""))
    script = grounded()
    retrieved = script[9]
    assert isinstance(retrieved, Retrieved)
    account = told([*script[:9], replace(retrieved, hits=(hit,)), *script[10:]])
    screen = await shown(account, read_screen, "enter", *["down"] * 3, "enter", "down", "enter")
    assert "\x1b" not in screen
    assert screen.count("[$red]x") == 3


@pytest.mark.parametrize("width", [46, 80])
async def test_letters_do_where_blocks_cannot_be_shown(read_screen: ReadScreen, width: int) -> None:
    app = App[None]()
    async with app.run_test(size=(width, 60)) as pilot:
        app.push_screen(DetailsScreen(told(weighed()), strokes=ASCII))
        await pilot.pause(0.2)
        for _ in range(4):
            await pilot.press("down", "enter")
        await pilot.pause(0.2)
        inner = "".join(line[2:-2] for line in read_screen(app).splitlines() if line.startswith("│"))
    assert "- Candidates (4)" in inner
    assert inner.isascii()


async def test_an_escalation_without_more_to_tell_has_no_empty_sections(read_screen: ReadScreen) -> None:
    beats = escalated("q", "It is 12.", first="calculator", reason="there is no expression", then="math")
    screen = await shown(told(beats), read_screen)
    assert "Passages" not in screen
    assert "Branches" not in screen
    assert "Plan" not in screen


def test_a_route_is_told_without_others_if_nobody_was_likely() -> None:
    account = told(answered("q", "7", distribution=a_route({"math": 1.0}).distribution))
    assert "Nobody else was likely." in said(account)
