"""The palette: every action that can be done now, found by a few letters of what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.actions import parse
from textual.command import DiscoveryHit, Hit, Hits, SimpleProvider
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

from octograph.tui.control.actions import Action, Place
from octograph.tui.control.keys import key_name

__all__ = ["ActionProvider", "Offer", "offers"]

_GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An action that can be done now.

    Attributes
    ----------
    action
        The action.
    place
        Where it belongs, for people.
    node
        The widget, screen or app that does it.

    """

    action: Action
    place: str
    node: DOMNode

    async def take(self) -> None:
        """Do it, unless what does it is gone by now."""
        if self.node.is_attached:
            await self.node.app.run_action(self.action.run, self.node)


def offers(screen: Screen[Any], places: Sequence[Place]) -> list[Offer]:
    """Return what can be done on a screen: by the focused widget, what is around it, the screen and the app.

    A modal screen leaves of the app only what goes before all other keys.
    """
    known: Mapping[type, Place] = {place.kind: place for place in places}
    found: dict[str, Offer] = {}
    modal = False
    for node in (screen.focused or screen).ancestors_with_self:
        for kind in type(node).__mro__:
            for action in known[kind].actions if kind in known else ():
                if (action.priority or not modal) and _can(node, action, screen):
                    found.setdefault(action.id, Offer(action=action, place=known[kind].title, node=node))
        modal = modal or node.is_modal
    return list(found.values())


class ActionProvider(SimpleProvider):
    """Finds offers by their titles and tooltips.

    Parameters
    ----------
    screen
        The screen that they are of.
    offers
        What can be done.

    """

    def __init__(self, screen: Screen[Any], offers: Sequence[Offer]) -> None:
        super().__init__(screen, [])
        self._offers = offers

    async def discover(self) -> Hits:
        """Yield all."""
        for offer in self._offers:
            yield DiscoveryHit(self._line(offer, Content(_text(offer))), offer.take, text=_text(offer))

    async def search(self, query: str) -> Hits:
        """Yield those that match."""
        matcher = self.matcher(query)
        for offer in self._offers:
            if (score := matcher.match(_text(offer))) > 0:
                line = self._line(offer, matcher.highlight(_text(offer)))
                yield Hit(score, line, offer.take, text=_text(offer))

    def _line(self, offer: Offer, text: Content) -> Content:
        """Return an offer in columns: what it does, its keys, its place."""
        keys = [_keys(each) for each in self._offers]
        texts = [_text(each) for each in self._offers]
        return Content.assemble(
            text,
            " " * (max(map(len, texts)) - len(text) + _GAP),
            (f"{_keys(offer):<{max(map(len, keys)) + _GAP}}", "$text-accent"),
            (offer.place, "$text-muted"),
        )


def _can(node: DOMNode, action: Action, screen: Screen[Any]) -> bool:
    namespace, name, parameters = parse(action.run)
    target = {"app": node.app, "screen": screen, "focused": screen.focused}.get(namespace) or node
    return bool(target.check_action(name, parameters))


def _text(offer: Offer) -> str:
    """Return what is shown and searched: the tooltip, with the title before it if that says something else."""
    title, tooltip = offer.action.title, offer.action.tooltip
    return tooltip if title.lower() in tooltip.lower() else f"{title}: {tooltip}"


def _keys(offer: Offer) -> str:
    return ", ".join(map(key_name, offer.action.keys))
