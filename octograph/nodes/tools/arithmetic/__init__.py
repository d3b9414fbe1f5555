"""Exact arithmetic: from words to an expression, from an expression to a value.

``tokens`` cuts a text, ``parser`` reads it into the nodes of ``expression`` and ``joining`` refuses what
can be read in two ways.
``evaluator`` computes exactly, ``equation`` solves for an unknown, ``result`` writes a value down.
``wording`` drops what only asks, ``sentences`` reads the forms that are no formula ("increase 80 by 15%"),
``integers`` answers what is asked of whole numbers ("prime factors of 360").
Nothing is ever handed to ``eval``, and nothing is skipped but what is known to say nothing about the result.
"""

from __future__ import annotations

__all__: list[str] = []
