"""Other keys for the actions of the app, as the user wants them in the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from textual.binding import Binding
from textual.keys import KEY_ALIASES, REPLACED_KEYS, Keys, key_to_character

from octograph.errors import UsageError
from octograph.tui.control.actions import NO_KEY, Action, Place, inherited

__all__ = ["key_name", "keymap", "with_keys"]

_MODIFIERS = frozenset(["alt", "ctrl", "hyper", "meta", "shift", "super"])
_NAMED = tuple(dict.fromkeys(key.value for key in Keys if key.value.isalnum() and key.value != "return"))
_SENT_AS = {alias: key for key, aliases in KEY_ALIASES.items() for alias in aliases} | {"return": "enter"}
"""What a terminal sends for keys that it cannot tell from others."""
_FOR_PEOPLE = {"escape": "esc", "pageup": "page up", "pagedown": "page down"}


def keymap(wanted: Mapping[str, str], places: Sequence[Place]) -> dict[str, str]:
    """Return the keys that the user wants, by the ids of actions, as Textual takes them.

    Parameters
    ----------
    wanted
        Keys by the ids of actions, several with a comma.
    places
        The places, with the keys that their classes give them.

    Raises
    ------
    UsageError
        There is no such action or no such key, or a key would do two things in one place.

    """
    known = [action.id for place in places for action in place.actions]
    chosen = {}
    for name, text in wanted.items():
        if name not in known:
            raise UsageError(f"`keys` names {name!r}, which is no action", hint=_did_you_mean(name, known, "Actions"))
        chosen[name] = ",".join(_key(name, part.strip()) for part in text.split(","))
    remapped = with_keys(places, chosen)
    everywhere = [action for place in remapped for action in place.actions if action.priority]
    for place in remapped:
        _refuse_two([*place.actions, *everywhere], chosen)
    return {**chosen, **_without({key for keys in chosen.values() for key in keys.split(",")})}


def with_keys(places: Iterable[Place], keymap: Mapping[str, str]) -> tuple[Place, ...]:
    """Return the places with the user's keys instead of those that their classes give them."""
    return tuple(replace(place, actions=tuple(_with_keys(place.actions, keymap))) for place in places)


def key_name(key: str) -> str:
    """Return the name of a key for people.

    Examples
    --------
    >>> key_name("ctrl+t"), key_name("escape"), key_name("ctrl+question_mark"), key_name("f1")
    ('ctrl+t', 'esc', 'ctrl+?', 'f1')

    """
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, _FOR_PEOPLE.get(last) or _character(last) or last])


def _with_keys(actions: Iterable[Action], keymap: Mapping[str, str]) -> Iterator[Action]:
    for action in actions:
        yield replace(action, keys=tuple(keymap[action.id].split(","))) if action.id in keymap else action


def _without(taken: Set[str]) -> dict[str, str]:
    """Take keys from what Textual's own widgets do with them: what is focused would go before the user's wish."""
    return {
        name: ",".join(key for key in keys if key not in taken) or f"{NO_KEY}{name}"
        for name, keys in inherited().items()
        if not taken.isdisjoint(keys)
    }


def _refuse_two(actions: Iterable[Action], chosen: Mapping[str, str]) -> None:
    """Refuse a key of two actions, if the user gave it to one of them."""
    takers: dict[str, str] = {}
    for action in actions:
        for key in action.keys:
            other = takers.setdefault(key, action.id)
            if other != action.id and (other in chosen or action.id in chosen):
                raise UsageError(
                    f"`keys` gives {key_name(key)!r} to {other!r} and to {action.id!r}",
                    hint="Give one of them another key.",
                )


def _key(action: str, text: str) -> str:
    """Return a key as Textual names it."""
    before, _, last = text.rpartition("+") if text[-2:] not in ("+", "++") else (text[:-2], "", "plus")
    modifiers = sorted(before.lower().split("+")) if before else []
    last = last if len(last) == 1 and not modifiers else last.lower()
    if not (last in _NAMED or last in _SENT_AS or _character(last)) or not _MODIFIERS.issuperset(modifiers):
        raise UsageError(
            f"`keys` gives {action!r} the key {text!r}, which is none",
            hint=_did_you_mean(last, _NAMED, "Characters, with ctrl+ or alt+ before them, and"),
        )
    (bound,) = Binding.make_bindings([(last, "")])  # which names characters
    key = "+".join([*modifiers, bound.key])
    if key in _SENT_AS:
        raise UsageError(
            f"`keys` gives {action!r} the key {text!r}, which terminals send as {_SENT_AS[key]!r}",
            hint=f"Write {_SENT_AS[key]!r}, or take another key.",
        )
    return key


def _character(key: str) -> str | None:
    """Return the character that can be seen of a key, if it has one."""
    character = key_to_character(REPLACED_KEYS.get(key, key)) if key else None
    return character if character is not None and character.isprintable() and not character.isspace() else None


def _did_you_mean(word: str, known: Sequence[str], what: str) -> str:
    from octograph.graph.problems import did_you_mean  # here: only who erred waits for it

    return did_you_mean(word, known, what=what)
