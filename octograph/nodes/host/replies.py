"""What comes back from a host: frames that are checked, and errors made of what it says about them."""

from __future__ import annotations

from octograph import errors
from octograph.errors import ContextOverflowError, HostError, HostRequestError, OctographError
from octograph.nodes.host.frames import Frame

__all__ = ["checked_number", "rebuilt_error"]


def checked_number(frame: Frame) -> int:
    """Return the number of the request that a frame from a host belongs to.

    Raises
    ------
    HostError
        It is no reply.

    """
    number, kind, body = frame.get("id"), frame.get("kind"), frame.get("body")
    sound = (
        (kind == "item" and isinstance(body, dict))
        or (kind == "done" and isinstance(body, dict | None))
        or (kind == "error" and isinstance(frame.get("error"), dict))
    )
    if not isinstance(number, int) or not sound:
        raise HostError(f"a frame of the kind {kind!r} for the request {number!r}")
    return number


def rebuilt_error(detail: Frame) -> OctographError:
    """Turn what a host said about an error into the error; an unknown type becomes a `HostRequestError`."""
    message, hint = str(detail.get("message", "")), str(detail.get("hint", ""))
    if detail.get("type") == "ContextOverflowError":
        return ContextOverflowError(message, hint=hint, tokens=detail.get("tokens", 0), limit=detail.get("limit", 0))
    kind = getattr(errors, detail.get("type", "")) if detail.get("type") in errors.__all__ else HostRequestError
    built = kind(message, hint=hint)
    if not isinstance(built, OctographError):
        raise TypeError(kind)
    return built
