from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App

from octograph.agents import Turn
from octograph.tui.screens.choose_code import ChooseCodeScreen
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.foot import Rating
from octograph.tui.widgets.note import is_written
from tests.tui.accounts import UNSURE, told, weighed
from tests.tui.answers.stage import Shown, Stage, abstention, code, settle, sourced, sure, waiting

ReadScreen = Callable[[App[None]], str]

WISHES = {"w": "why", "r": "again", "a": "another", "e": "edit", "plus": "good", "minus": "bad", "m": "elsewhere"}


async def played(app: Stage, *keys: str, read: ReadScreen | None = None, size: tuple[int, int] = (140, 45)) -> str:
    """Focus the last answer, press keys, and return the screen."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.answers[-1].focus()
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        return "" if read is None else read(app)


def offered(screen: str) -> set[str]:
    """The first letters of what the footer offers."""
    return {part.split()[0] for part in screen.splitlines()[-1].replace("▏", "  ").split("  ") if part.strip()}


# --- where the keys go ------------------------------------------------------------------------------------


async def test_the_keyboard_goes_from_answer_to_answer_and_back_to_the_prompt() -> None:
    app = Stage(sure(), code(), abstention())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.answers[-1].focus()
        for key, place in (("up", 1), ("k", 0), ("up", 0), ("down", 1), ("j", 2)):
            await pilot.press(key)
            assert app.focused is app.answers[place]
        await pilot.press("down")
        await settle(pilot)
        assert app.focused is app.query_one("#prompt")


async def test_escape_goes_to_the_prompt_from_any_part_of_an_answer() -> None:
    app = Stage(sourced())
    async with app.run_test() as pilot:
        await settle(pilot)
        app.answers[0].focus()
        await pilot.press("o")
        assert app.focused is not app.answers[0]
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is app.query_one("#prompt")


async def test_a_click_selects_text_and_leaves_the_letters_to_the_prompt() -> None:
    app = Stage(sure())
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.click(app.answers[0], offset=(5, 2))
        await pilot.press("r")
        await settle(pilot)
        assert app.focused is app.query_one("#prompt")
    assert app.wishes == []


# --- what is offered --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "letters"),
    [
        (sure, "cwrae+-m"),
        (code, "cbwrae+-m"),
        (sourced, "cowrae+-m"),
        (abstention, "gcwrae"),
        (waiting, "gcwrae"),
    ],
)
async def test_the_footer_offers_what_can_be_done_with_the_answer(
    read_screen: ReadScreen, shown: Callable[[], Shown], letters: str
) -> None:
    assert offered(await played(Stage(shown()), read=read_screen)) == {*letters, "esc", "^p"}


async def test_nothing_of_it_is_offered_elsewhere(read_screen: ReadScreen) -> None:
    app = Stage(sure())
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        assert "Again" not in read_screen(app)


@pytest.mark.parametrize("changes", [{"route": None}, {"worker": None, "status": "cancelled"}])
async def test_only_what_the_master_chose_can_be_rated(read_screen: ReadScreen, changes: dict[str, Any]) -> None:
    turn, _ = sure()
    letters = offered(await played(Stage((replace(turn, **changes), None)), read=read_screen))
    assert letters == {*"cwrae", "esc", "^p"}


async def test_an_answer_that_is_written_can_be_copied_as_far_as_it_is(read_screen: ReadScreen) -> None:
    app = Stage()
    app.answers = [Answer()]
    async with app.run_test(size=(140, 45)) as pilot:
        await app.answers[0].wait("asking…")
        app.answers[0].focus()
        await settle(pilot)
        assert offered(read_screen(app)) == {"esc", "^p"}
        await app.answers[0].write("Half of ")
        app.answers[0].refresh_bindings()
        await settle(pilot)
        assert offered(read_screen(app)) == {"c", "esc", "^p"}
        await pilot.press("c", "r", "plus")
        await settle(pilot)
    assert app.clipboard == "Half of "
    assert app.wishes == []


# --- what the keys do -------------------------------------------------------------------------------------


async def test_keys_tell_what_is_wanted_of_which_turn() -> None:
    for key, wish in WISHES.items():
        app = Stage(abstention(), sure())
        await played(app, key)
        assert app.wishes == [wish]
        (wanted,) = app.noted
        assert isinstance(wanted, Answer.Wanted)
        assert wanted.answer is app.answers[1]
        assert wanted.turn is app.answers[1].turn


async def test_the_answer_is_copied_without_what_a_terminal_obeys() -> None:
    turn, _ = sure()
    app = Stage((replace(turn, text="**Seven** \x1b]52;c;aGk=\x07eggs\x9b2J"), None))
    await played(app, "c")
    assert app.clipboard == "**Seven** ]52;c;aGk=eggs2J"


async def test_the_only_block_of_code_is_copied_at_once() -> None:
    turn, _ = sure()
    app = Stage((replace(turn, text="So:\n\n```sh\necho \x1b[1m1\n```\n"), None))
    await played(app, "b")
    assert app.clipboard == "echo [1m1"


async def test_of_several_blocks_one_is_chosen(read_screen: ReadScreen) -> None:
    app = Stage(code())
    screen = await played(app, "b", read=read_screen)
    assert "1. python, 2 lines: def add(a: int, b: int) -> int:" in screen
    assert "2. sh, 1 line: echo $((1 + 2))" in screen
    await played(app := Stage(code()), "b", "down", "enter")
    assert app.clipboard == "echo $((1 + 2))"
    async with (app := Stage(code())).run_test() as pilot:
        await settle(pilot)
        app.answers[0].focus()
        await pilot.press("b")
        await settle(pilot)
        assert isinstance(app.screen, ChooseCodeScreen)
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is app.answers[0]
    assert not app.clipboard


# --- what it was worth ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rating", "words", "gone"),
    [
        (Rating(accepted=True), "✓ good", {"+"}),
        (Rating(accepted=False), "✗ bad", {"-"}),
        (Rating(accepted=False, instead="calculator"), "✗ should have gone to calculator", set[str]()),
    ],
)
async def test_a_rating_is_shown_in_a_word_and_not_offered_again(
    read_screen: ReadScreen, rating: Rating, words: str, gone: set[str]
) -> None:
    app = Stage(sure())
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        answer = app.answers[0]
        answer.focus()
        answer.rate(rating)
        await settle(pilot)
        screen = read_screen(app)
        assert f"20.0 tokens/s · 5.5 s · {words}" in screen
        assert offered(screen) == {*"cwrae+-m", "esc", "^p"} - gone
        again = Answer(answer.turn, rating=answer.rating)
        await app.query_one("#answers").mount(again)
        await settle(pilot)
        assert f"5.5 s · {words}" in read_screen(app)


async def test_speed_and_time_are_told_below_the_answer_as_far_as_they_are_known(read_screen: ReadScreen) -> None:
    turn, account = sure()
    for known, line in ((account, "20.0 tokens/s · 5.5 s"), (None, "  5.5 s")):
        screen = await played(Stage((turn, known)), read=read_screen)
        assert line in screen
    screen = await played(Stage((replace(turn, seconds=0.0), None)), read=read_screen)
    assert " s\n" not in screen


async def test_an_answer_that_was_taken_without_being_sure_says_so(read_screen: ReadScreen) -> None:
    turn, account = sure()
    assert account is not None
    unsure = [replace(one, sureness=replace(one.sureness, g=-0.9)) for one in account.tries if one.sureness]
    screen = await played(Stage((turn, replace(account, tries=tuple(unsure)))), read=read_screen)
    assert "○ not sure, g -0.90" in screen


# --- from the beginning to the end ------------------------------------------------------------------------


async def test_an_answer_is_told_live_as_a_finished_one_is_shown(read_screen: ReadScreen) -> None:
    finished = await played(Stage(sourced()), read=read_screen)
    turn, account = sourced()
    assert account is not None
    app = Stage()
    app.answers = [Answer()]
    async with app.run_test(size=(140, 45)) as pilot:
        (answer,) = app.answers
        await answer.wait("asking…")
        assert answer.account is None
        answer.show_route(turn.route or {})
        await answer.pass_on("knowledge", UNSURE, "reader")
        await answer.write("Three months [1], ")
        await answer.write("in writing [2].")
        answer.show_account(account)
        await answer.finish(turn)
        answer.focus()
        await settle(pilot)
        assert read_screen(app) == finished
        assert answer.account is account


async def test_an_answer_that_goes_on_shows_nothing_of_its_end(read_screen: ReadScreen) -> None:
    app = Stage(waiting())
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        (answer,) = app.answers
        answer.focus()
        await answer.wait("asking…")
        await settle(pilot)
        screen = read_screen(app)
        assert "asking…" in screen
        for words in ("not sure", "Take it", "tokens/s"):
            assert words not in screen
        assert app.focused is answer
        account = told(weighed())
        assert answer.account is None
        answer.show_account(account)
        await answer.finish(sure()[0])
        await settle(pilot)
        assert "7 eggs" in read_screen(app)


@pytest.mark.parametrize("turns", [[sure()], [abstention()]])
def test_what_a_model_wrote_is_told_from_what_octograph_says(turns: Sequence[tuple[Turn, Account]]) -> None:
    ((turn, _),) = turns
    assert is_written(turn) == (turn.status == "answered")
    assert not is_written(replace(turn, source="tool"))
