"""An error, in words: what is wrong and what to do next."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from octograph.errors import OctographError
from octograph.terminal import plain

__all__ = ["Failure", "explain", "told"]


class Failure(Static):
    """Message and hint of an error that belongs to no answer."""

    def __init__(self, title: str, error: Exception) -> None:
        message, hint = explain(error)
        super().__init__(wording(f"✗ {title}", message, hint))


def explain(error: Exception) -> tuple[str, str]:
    """Return the message and the hint to show for an error."""
    if isinstance(error, OctographError):
        return error.message, error.hint
    return (
        f"{type(error).__name__}: {error}",
        "This is a bug in Octograph. The app goes on; please report it with the question that led here.",
    )


def told(error: Exception) -> str:
    """Return an error on one line."""
    return " ".join(part for part in explain(error) if part)


def wording(title: str, message: str, hint: str) -> Content:
    """Return an error as text: title, message, hint, a line each."""
    lines = [(plain(title), "bold"), (f"\n{plain(message)}", "")]
    if hint:
        lines.append((f"\n{plain(hint)}", "dim"))
    return Content.assemble(*lines)
