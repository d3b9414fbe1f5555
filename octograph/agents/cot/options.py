"""The options of a query, and the one that a text comes to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octograph.agents.cot.spans import Span
from octograph.agents.evaluation.naming import LETTERS, Naming

__all__ = ["Options", "options_of"]

# "(A) red", "A. red" or "A: red", a line each.
_LETTERED = re.compile(r"^[ \t]*(?:\(([A-Z])\)|([A-Z])[).:])[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
# "Options:" and a line "- yes" for each.
_LISTED = re.compile(r"^[ \t]*Options:[ \t]*\n\s*((?:[ \t]*[-*][ \t]+\S.*(?:\n|\Z))+)", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*[-*][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


class Options:
    """The answer is one of several fixed options.

    It is the one that a text says is its answer, else the one that it opens with, else the one that it names last. A
    letter counts before an option's text, and a repeated list of options not at all.

    Parameters
    ----------
    texts
        Of the options.
    lettered
        Whether each is called by its letter, from A on, or by its text.

    """

    def __init__(self, texts: Sequence[str], *, lettered: bool = False) -> None:
        self.options = tuple(LETTERS[: len(texts)] if lettered else texts)
        self._texts = dict(zip(self.options, texts, strict=True))
        self._lettered = lettered
        self._naming = Naming(texts, lettered=lettered)

    @classmethod
    def of(cls, query: str) -> Options | None:
        r"""Return the options that a query lists, None if it lists none.

        Examples
        --------
        >>> Options.of("Which is a fruit?\n(A) an apple\n(B) a stone").options
        ('A', 'B')
        >>> Options.of("Is it so?\nOptions:\n- Yes\n- No").options
        ('Yes', 'No')

        """
        query = query.replace("\r\n", "\n")
        # From A on: a line "(B) …" alone is no list.
        texts: list[str] = []
        for found in _LETTERED.finditer(query):
            if LETTERS.find(found[1] or found[2]) == len(texts):
                texts.append(found[3])
        if len(texts) > 1:
            return cls(texts, lettered=True)
        listed = _LISTED.search(query)
        options = tuple(dict.fromkeys(_ITEM.findall(listed[1]))) if listed else ()
        return cls(options) if len(options) > 1 else None

    def find(self, text: str) -> Span | None:
        """See `Spans`. None too where several options are spelled as the text spells its answer."""
        text = self._naming.unlisted(text)
        named = self._naming.stated(text)
        if named is None and (letters := self._naming.letters(text)):
            named = letters[-1]
        if named is None:
            named = self._naming.opening(text)
        if named is None and (mentions := self._naming.mentions(text)):
            named = mentions[-1]
        if named is None or named.place is None:
            return None
        return Span(answer=self.options[named.place], start=named.start, end=named.end)

    def spellings(self, option: str, like: str) -> tuple[str, ...]:
        """How an option can be written where a text has `like`: a letter, or one of the options' texts.

        Examples
        --------
        >>> Options(["yes", "no"]).spellings("no", like="Yes")
        ('no', 'NO', 'No')

        """
        by_letter = self._lettered and like.upper() in self.options
        written = option if by_letter else self._texts[option]
        return tuple(dict.fromkeys((written, written.lower(), written.upper(), written[:1].upper() + written[1:])))


def options_of(query: str) -> tuple[str, ...]:
    """Return the options that a query lists, by letter or by text; none if it lists none."""
    found = Options.of(query)
    return () if found is None else found.options
