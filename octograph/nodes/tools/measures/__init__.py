"""Amounts and their units, as people write them, and what is to be converted."""

from __future__ import annotations

__all__: list[str] = []
