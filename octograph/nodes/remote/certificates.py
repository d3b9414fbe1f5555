"""Whom a client trusts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["certificates"]


@cache
def certificates() -> ssl.SSLContext:
    """Whom to trust; kept, because reading it takes longer than an answer nearby."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)
