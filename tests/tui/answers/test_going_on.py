from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App

from octograph.agents import Attempt, Citation, Judged
from octograph.agents.judging import Judgement
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.going_on import GoingOn, surest, ways
from tests.tui.accounts import UNSURE
from tests.tui.answers.stage import Shown, Stage, abstention, settle, waiting

ReadScreen = Callable[[App[None]], str]

TWO = (
    Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4),
    Attempt(worker="reader", reason="no passage of your documents has to do with it"),
    Attempt(worker="chat", reason=UNSURE, text="*Two* months.", score=-0.9),
)


def several() -> Shown:
    """Two texts were withheld, and one worker wrote none; from a thread, so that no threshold is known."""
    turn, _ = abstention()
    return replace(turn, tried=TWO), None


async def played(app: Stage, *keys: str, read: ReadScreen) -> str:
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        app.answers[-1].focus()
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        await settle(pilot)
        return read(app)


# --- abstentions ------------------------------------------------------------------------------------------


async def test_an_abstention_is_a_result_with_what_was_tried(read_screen: ReadScreen) -> None:
    screen = await played(Stage(abstention()), read=read_screen)
    assert "○ abstained" in screen
    assert "✗ knowledge  not sure enough: g -1.40 ░░░░░░┃░░░░░ tau -0.60" in screen
    assert "tried knowledge:" not in screen
    assert "fail" not in screen


async def test_a_thread_tells_why_answers_were_not_taken(read_screen: ReadScreen) -> None:
    screen = await played(Stage(several()), read=read_screen)
    assert f"✗ knowledge  {UNSURE}" in screen
    assert "✗ reader     no passage of your documents has to do with it" in screen


async def test_the_surest_text_is_shown_on_demand_and_marked(read_screen: ReadScreen) -> None:
    app = Stage(several())
    assert "month" not in await played(app, read=read_screen)
    app = Stage(several())
    screen = await played(app, "g", "enter", read=read_screen)
    assert "○ Not sure: this is what chat wrote, g = -0.90." in screen
    assert "Two months." in screen
    assert "Answer anyway" not in screen
    assert "Ask another" in screen
    assert app.noted == []  # nobody was asked again
    app = Stage(several())
    await played(app, "g", "enter", "c", read=read_screen)
    assert app.clipboard == "*Two* months."


@pytest.mark.parametrize(("keys", "wish"), [(["down"], "another"), (["down", "down"], "documents")])
async def test_the_other_ways_are_told(read_screen: ReadScreen, keys: list[str], wish: str) -> None:
    app = Stage(abstention())
    await played(app, "g", *keys, "enter", read=read_screen)
    assert app.wishes == [wish]


async def test_what_nobody_wrote_cannot_be_shown(read_screen: ReadScreen) -> None:
    turn, _ = abstention()
    screen = await played(Stage((replace(turn, tried=TWO[1:2]), None)), read=read_screen)
    assert "Answer anyway" not in screen
    assert "Ask another" in screen
    screen = await played(Stage((replace(turn, tried=()), None)), read=read_screen)
    assert "✗" not in screen
    assert "Add documents" in screen


async def test_the_nearest_passages_stand_below(read_screen: ReadScreen) -> None:
    near = Citation(number=1, source="/a/b.md", title="", heading="", page=None, text="Near.", similarity=0.2)
    turn, _ = several()
    screen = await played(Stage((replace(turn, citations=(near,)), None)), read=read_screen)
    assert screen.index("Add documents") < screen.index("[1] /a/b.md") < screen.index("Near.")


def test_the_judge_goes_before_the_scores() -> None:
    turn, _ = several()
    account = Account.of(turn)
    assert surest(turn, account) == TWO[2]
    judgements = {
        "knowledge": Judgement(answer="a", scores={"r": -0.5}),
        "chat": Judgement(answer="b", scores={"r": -2.0}),
    }
    judged = account.after(Judged(judgements=judgements, seconds=0.1))
    assert surest(turn, judged) == TWO[0]
    assert surest(replace(turn, tried=()), account) is None


def test_what_was_withheld_in_an_earlier_step_of_a_plan_is_no_answer() -> None:
    turn, _ = several()
    turn = replace(turn, tried=(TWO[2], replace(TWO[1], step=2)))
    assert surest(turn, Account.of(turn)) is None
    assert [way.name for way in ways(turn, Account.of(turn))] == ["another", "documents"]


async def test_hostile_names_are_only_shown(read_screen: ReadScreen) -> None:
    evil = "[$red]x\n\x1b]52;c;aGk=\x07[@click=app.quit]"
    turn, _ = abstention()
    attempt = replace(TWO[0], worker=evil, reason=evil, text=evil)
    screen = await played(Stage((replace(turn, tried=(attempt,)), None)), "g", "enter", read=read_screen)
    assert "\x1b" not in screen
    assert screen.count("[$red]x") == 4


# --- turns that wait --------------------------------------------------------------------------------------


async def test_a_turn_that_waits_offers_what_can_be_chosen(read_screen: ReadScreen) -> None:
    screen = await played(Stage(waiting()), read=read_screen)
    assert "○ not sure enough" in screen
    assert "knowledge would say: It is a month." in screen
    for words in (
        "Take it     take the answer of knowledge, not sure as it is",
        "Leave it    the answer is that nobody knows",
        "Ask reader  the master gave it 40 %",
    ):
        assert words in screen


@pytest.mark.parametrize(("place", "choice"), enumerate(["answer", "abstain", "reader", "chat"]))
async def test_the_choice_is_told(read_screen: ReadScreen, place: int, choice: str) -> None:
    app = Stage(waiting())
    await played(app, "g", *["down"] * place, "enter", read=read_screen)
    (chosen,) = app.noted
    assert isinstance(chosen, Answer.Chosen)
    assert chosen.choice == choice
    assert chosen.turn is app.answers[0].turn


async def test_a_thread_that_was_opened_again_offers_the_same(read_screen: ReadScreen) -> None:
    turn, account = waiting()
    assert account is not None
    assert ways(turn, Account.of(turn)) == ways(turn, account)
    screen = await played(Stage((turn, None)), read=read_screen)
    for words in ("Take it     take the answer of knowledge", "Leave it ", "Ask reader  the master gave it 40 %"):
        assert words in screen


async def test_more_that_is_known_is_shown_when_it_comes(read_screen: ReadScreen) -> None:
    turn, account = waiting()
    assert account is not None
    app = Stage((turn, None))
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        assert "tau -0.60" not in read_screen(app)
        app.answers[0].show_account(account)
        await settle(pilot)
        assert "tau -0.60" in read_screen(app)


async def test_a_later_question_takes_the_choice_away(read_screen: ReadScreen) -> None:
    app = Stage(waiting())
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        (answer,) = app.answers
        answer.give_up()
        await settle(pilot)
        screen = read_screen(app)
        assert "◌ interrupted before it was done" in screen
        assert "would say" not in screen
        assert not app.query(GoingOn)
        assert answer.turn is not None
        assert answer.turn.status == "interrupted"


async def test_an_interrupted_answer_is_no_longer_to_be_resumed_after_a_later_question(read_screen: ReadScreen) -> None:
    turn, _ = waiting()
    app = Stage()
    app.answers = [Answer(replace(turn, status="interrupted", text="", tried=()), resumable=True)]
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        (answer,) = app.answers
        assert answer.resumable
        assert "ctrl+r resumes it" in read_screen(app)
        answer.give_up()
        await settle(pilot)
        assert not answer.resumable
        assert "ctrl+r" not in read_screen(app)
