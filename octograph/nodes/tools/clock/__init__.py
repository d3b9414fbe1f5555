"""Questions about dates and times, by families.

A query is written in plain words (:mod:`.wording`), its dates, times and spans become slots
(:mod:`.reading`), and what is left must match one of the forms of a family word for word.
"""

from __future__ import annotations

__all__: list[str] = []
