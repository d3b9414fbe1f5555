"""What the user can do in the app, as its classes declare it.

An action is what a class binds in `BINDINGS`. Its id is ``place.action``, and both are made from the code:
``stop`` of `ChatScreen` is ``chat.stop``, unless its binding has an id already. There is no other table.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

from textual.actions import parse
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

__all__ = ["NO_KEY", "Action", "Place", "give_ids", "inherited", "keyless", "place_of", "places"]

NO_KEY = "no-key-"
"""Begins what stands for the key of an action that has none: no terminal sends it."""
_HOMES = ("octograph.tui.app", "octograph.tui.screens", "octograph.tui.widgets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the user can do in a place.

    Attributes
    ----------
    id
        ``place.action``, by which the configuration gives it other keys.
    run
        The action as Textual runs it.
    keys
        Its keys, as Textual names them; none if only the palette has it.
    title
        A word or two, as in the footer.
    tooltip
        What it does, in a sentence.
    priority
        Whether its keys go before those of every other place.

    """

    id: str
    run: str
    keys: tuple[str, ...]
    title: str
    tooltip: str
    priority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A class of screens or widgets, and what can be done where the user is in one of them.

    Attributes
    ----------
    name
        First part of the ids of its actions.
    title
        The name for people.
    kind
        The class.
    actions
        What it binds, in its order.

    """

    name: str
    title: str
    kind: type[DOMNode]
    actions: tuple[Action, ...]


def keyless(action: str, title: str, *, tooltip: str) -> Binding:
    """Return a binding for an action that has no key: it is in the palette, and the user can give it one.

    Examples
    --------
    >>> keyless("export", "Export", tooltip="Write the thread to a file").key
    'no-key-export'

    """
    return Binding(f"{NO_KEY}{_slug(action, title)}", action, title, show=False, tooltip=tooltip)


@cache
def places() -> tuple[Place, ...]:
    """Return all places: the app, then its screens, then its widgets."""
    return tuple(place_of(kind) for kind in _kinds() if kind.__dict__.get("BINDINGS"))


def place_of(kind: type[DOMNode]) -> Place:
    """Return what a class itself declares."""
    name, title = _names(kind)
    actions: dict[str, Action] = {}
    for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())):
        key = () if binding.key.startswith(NO_KEY) else (binding.key,)
        known = _id(name, binding)
        actions[known] = Action(
            id=known,
            run=binding.action,
            keys=(*(actions[known].keys if known in actions else ()), *key),
            title=binding.description,
            tooltip=binding.tooltip or binding.description,
            priority=binding.priority,
        )
    return Place(name=name, title=title, kind=kind, actions=tuple(actions.values()))


@cache
def give_ids() -> None:
    """Write the ids into the bindings of all classes, from where Textual takes them when it looks up a key."""
    kinds = list(_kinds())
    for kind in kinds:
        if bindings := kind.__dict__.get("BINDINGS"):
            name, _ = _names(kind)
            kind.BINDINGS = [replace(each, id=_id(name, each)) for each in Binding.make_bindings(bindings)]
    for kind in kinds:  # once all have theirs, as a class inherits those of its bases
        name, _ = _names(kind)
        merged = kind._merge_bindings()
        for bindings in merged.key_to_bindings.values():
            bindings[:] = [each if each.id else replace(each, id=f"{name}:{each.action}") for each in bindings]
        kind._merged_bindings = merged


@cache
def inherited() -> Mapping[str, tuple[str, ...]]:
    """Return the keys that the app's classes have from Textual's, such as those for editing text, by ids of their own.

    None of these ids is that of an action.
    """
    give_ids()
    keys: dict[str, tuple[str, ...]] = {}
    for kind in _kinds():
        for key, binding in kind._merged_bindings or ():
            if binding.id is not None and ":" in binding.id:
                keys[binding.id] = (*keys.get(binding.id, ()), key)
    return keys


def _kinds() -> Iterator[type[DOMNode]]:
    for home in _HOMES:
        module = importlib.import_module(home)
        names = [each.name for each in pkgutil.iter_modules(getattr(module, "__path__", ()))]
        for each in (module, *(importlib.import_module(f"{home}.{name}") for name in names)):
            yield from _declared(each)


def _declared(module: ModuleType) -> Iterator[type[DOMNode]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.__name__:
            yield value


def _names(kind: type[DOMNode]) -> tuple[str, str]:
    """Return the name of a place for the configuration, and the one for people."""
    if issubclass(kind, App):
        return "app", "Everywhere"
    words = re.findall(r"[A-Z][a-z0-9]*", kind.__name__.removesuffix("Screen"))
    return "_".join(words).lower(), " ".join(words).capitalize()


def _id(place: str, binding: Binding) -> str:
    return binding.id or f"{place}.{_slug(binding.action, binding.description)}"


def _slug(action: str, title: str) -> str:
    """Return the name of an action; one with parameters is told from its like by its title."""
    _, name, parameters = parse(action)
    told = re.findall(r"\w+", title.lower())
    return "_".join(told if name in told else [name, *told]) if parameters else name
