"""What can be asked."""

from __future__ import annotations

from octograph.errors import UsageError

__all__ = ["checked"]


def checked(query: str) -> str:
    """Return a query without the blanks around it.

    Raises
    ------
    UsageError
        Nothing else is in it, or it is not valid Unicode.

    """
    if not query.strip():
        raise UsageError("the query is empty", hint='Ask something, such as `octograph ask "What is 48 * 17?"`.')
    try:
        query.encode()
    except UnicodeEncodeError as error:  # lone surrogates, which Python makes of bytes that are not UTF-8
        raise UsageError("the query is not valid Unicode", hint="Give it in UTF-8.") from error
    return query.strip()
