"""The app's own colours, dark and light.

Every text has a contrast of 4.5 or more to what is behind it (WCAG 2.2, AA); `tests/tui/test_commands_themes.py` reads
it off the screens. What colours tell, words or shapes tell as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

from octograph.errors import UsageError

__all__ = ["DARK", "LIGHT", "check_theme", "themes"]

DARK = Theme(
    name="octograph-dark",
    primary="#5cb3ee",
    secondary="#7fd1c7",
    accent="#f2b662",
    warning="#f0c256",
    error="#ff8a80",
    success="#86dd92",
    foreground="#e8eef4",
    background="#0f141a",
    surface="#171e26",
    panel="#1f2832",
    variables={
        "text-muted": "#a7b5c2",
        "text-disabled": "#8b99a6",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#264762",
        "block-cursor-text-style": "bold underline",
        "block-cursor-blurred-background": "#22394b",
        "block-cursor-blurred-text-style": "underline",
        "button-color-foreground": "#0f141a",
        "footer-key-foreground": "#f2b662",
    },
)
LIGHT = Theme(
    name="octograph-light",
    primary="#0b5c9c",
    secondary="#0d665a",
    accent="#713c00",
    warning="#7a4f00",
    error="#a81d1d",
    success="#1b6a2b",
    foreground="#1a2026",
    background="#fbfbf9",
    surface="#f2f3ef",
    panel="#e6e8e3",
    dark=False,
    variables={
        "text-muted": "#4c565f",
        "text-disabled": "#5f6972",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#bcd3e5",
        "block-cursor-text-style": "bold underline",
        "block-cursor-blurred-background": "#d0e0ec",
        "block-cursor-blurred-text-style": "underline",
        "button-color-foreground": "#ffffff",
        "footer-key-foreground": "#713c00",
    },
)
_TERMINAL = {"ansi-dark": "dark, in the terminal's own colours", "ansi-light": "light, in the terminal's own colours"}


def themes() -> Mapping[str, str]:
    """Return what there is to say of each theme, by name: the app's own, the terminal's colours, then Textual's."""
    known = [DARK, LIGHT, *(BUILTIN_THEMES[name] for name in _TERMINAL), *BUILTIN_THEMES.values()]
    return {each.name: _TERMINAL.get(each.name, "dark" if each.dark else "light") for each in known}


def check_theme(name: str) -> None:
    """Refuse a name that no theme has.

    Raises
    ------
    UsageError
        There is no such theme.

    """
    if name not in themes():
        from octograph.graph.problems import did_you_mean  # here: only who erred waits for it

        raise UsageError(f"there is no theme {name!r}", hint=did_you_mean(name, themes(), what="Themes"))
