"""Keys: ids made from the classes, and what the user may make of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

import pytest
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from octograph import tui
from octograph.errors import UsageError
from octograph.tui.control.actions import keyless, place_of, places
from octograph.tui.control.keys import key_name, keymap, with_keys


class OddListScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("x", "cut", "Cut"),
        Binding("d,delete", "drop", "Drop", tooltip="Drop it"),
        Binding("up", "page(-1)", "Up"),
        Binding("down", "page(1)", "Page down"),
        Binding("n", "name", "Name", id="odd.other"),
        keyless("export", "Export", tooltip="Write it to a file"),
    ]


class FirstScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+w", "close", "Close", priority=True)]


ODD = (place_of(OddListScreen), place_of(FirstScreen))


def test_ids_are_made_from_class_and_action() -> None:
    place = place_of(OddListScreen)
    assert (place.name, place.title) == ("odd_list", "Odd list")
    assert {action.id: action.keys for action in place.actions} == {
        "odd_list.cut": ("x",),
        "odd_list.drop": ("d", "delete"),
        "odd_list.page_up": ("up",),
        "odd_list.page_down": ("down",),
        "odd.other": ("n",),
        "odd_list.export": (),
    }
    assert [action.tooltip for action in place.actions][:2] == ["Cut", "Drop it"]


def test_the_ids_of_the_app_are_unique_and_each_action_is_told() -> None:
    actions = [action for place in places() for action in place.actions]
    assert [each for each, count in Counter(action.id for action in actions).items() if count > 1] == []
    assert [action.id for action in actions if not action.tooltip] == []
    assert {"app.quit", "chat.stop", "prompt.submit", "chat.page_up"} <= {action.id for action in actions}


def test_no_class_that_binds_keys_is_left_out() -> None:
    for module in pkgutil.walk_packages(tui.__path__, "octograph.tui."):
        importlib.import_module(module.name)
    kinds, todo = set(), [DOMNode]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("octograph.tui.") and kind.__dict__.get("BINDINGS"):
            kinds.add(kind)
    assert kinds == {place.kind for place in places()}


def test_no_two_actions_of_a_place_have_one_key() -> None:
    for place in places():
        keys = Counter(key for action in place.actions for key in action.keys)
        assert [key for key, count in keys.items() if count > 1] == [], place.name


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ctrl+g", "ctrl+g"),
        (" Ctrl+G ", "ctrl+g"),
        ("ctrl+g, f5", "ctrl+g,f5"),
        ("shift+ctrl+PageUp", "ctrl+shift+pageup"),
        ("?", "question_mark"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("comma", "comma"),
        ("G", "G"),
        ("é", "é"),
        ("space", "space"),
    ],
)
def test_keys_as_people_write_them(written: str, key: str) -> None:
    assert keymap({"odd_list.cut": written}, ODD)["odd_list.cut"] == key


@pytest.mark.parametrize(
    ("written", "said", "hint"),
    [
        ({"odd_list.cutt": "f5"}, "'odd_list.cutt', which is no action", "Did you mean 'odd_list.cut'?"),
        ({"": "f5"}, "'', which is no action", "Actions: "),
        ({"odd_list.cut": "pgup"}, "'pgup', which is none", "Did you mean 'pageup'?"),
        ({"odd_list.cut": "esc"}, "'esc', which is none", "Did you mean 'escape'?"),
        ({"odd_list.cut": "strg+g"}, "'strg+g', which is none", "ctrl"),
        ({"odd_list.cut": ""}, "'', which is none", "Characters"),
        ({"odd_list.cut": "f5,"}, "'', which is none", "Characters"),
        ({"odd_list.cut": "ctrl+"}, "'ctrl+', which is none", "Characters"),
        ({"odd_list.cut": "\x1b"}, r"'\x1b', which is none", "Characters"),
        ({"odd_list.cut": "ctrl+i"}, "terminals send as 'tab'", "Write 'tab'"),
        ({"odd_list.cut": "return"}, "terminals send as 'enter'", "Write 'enter'"),
        ({"odd_list.cut": "d"}, "'d' to 'odd_list.cut' and to 'odd_list.drop'", "another key"),
        ({"odd_list.cut": "f5", "odd.other": "f5"}, "'f5' to 'odd_list.cut' and to 'odd.other'", "another key"),
        ({"odd_list.cut": "ctrl+w"}, "'ctrl+w' to 'odd_list.cut' and to 'first.close'", "another key"),
        ({"first.close": "x"}, "'x' to 'odd_list.cut' and to 'first.close'", "another key"),
    ],
)
def test_what_cannot_be_is_refused(written: Mapping[str, str], said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        keymap(written, ODD)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_two_actions_can_change_places() -> None:
    swapped = {"odd_list.cut": "n", "odd.other": "x"}
    assert keymap(swapped, ODD).items() >= swapped.items()


def test_a_key_that_the_user_takes_is_taken_from_textuals_own_widgets() -> None:
    assert keymap({}, ODD) == {}
    taken = keymap({"odd_list.cut": "ctrl+e"}, ODD)
    assert "ctrl+e" not in {key for name, keys in taken.items() if name != "odd_list.cut" for key in keys.split(",")}
    assert taken["prompt:cursor_line_end"] == "end"


def test_the_users_keys_replace_those_of_the_class() -> None:
    place = place_of(OddListScreen)
    (changed,) = with_keys([place], {"odd_list.drop": "f5,f6", "odd_list.export": "e"})
    assert {action.id: action.keys for action in changed.actions} == {
        **{action.id: action.keys for action in place.actions},
        "odd_list.drop": ("f5", "f6"),
        "odd_list.export": ("e",),
    }


def test_keys_have_names_for_people() -> None:
    names = [key_name(key) for key in ("ctrl+t", "escape", "pagedown", "plus", "ctrl+slash", "space", "G", "f1")]
    assert names == ["ctrl+t", "esc", "page down", "+", "ctrl+/", "space", "G", "f1"]
