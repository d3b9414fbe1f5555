"""The fidelity guard: what a rewriting of a query lost or invented.

A rewriting may mend spelling and grammar and complete a fragment; it may not change what is asked. The guard compares
the two texts by rules that need no model. Where it is in doubt it reports a loss: that costs a rewriting, and the
other mistake would cost the user's question.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from octograph.graph.problems import shown
from octograph.nodes.master.quantities import in_digits, quantities
from octograph.nodes.master.verbatim import is_quoted, literals, quotations, stands, unpaired_marks
from octograph.nodes.master.wording import (
    WORD,
    alike,
    bare,
    carries,
    completes,
    negations,
    plain,
    question_words,
    words,
)

__all__ = ["losses"]

_SENTENCE: Final = re.compile(
    # Three letters stand before a full stop: "Dr. Smith" and "J. Smith" go on.
    r"""(?:\A|(?<=[a-z\d)"'][a-z\d)"'][a-z\d)"'])\.["'”’)\]]*\s+|[!?:…]["'”’)\]]*\s+|\n)[\s"'“‘„«(\[*-]*"""  # noqa: RUF001
)
_SYMBOL: Final = re.compile(
    r"[+*/^=<>~|&@#$\\_(){}\[\]]"
    r"|(?<=[\d)])\s*[-−–]\s*(?=[\d(])|(?<=\w)\s[-−]\s(?=\w)|\b[a-z][-−](?=\d)|(?<=\d)[-−](?=[a-z]\b)"  # noqa: RUF001
    r"|(?<=\d)['′″]"  # noqa: RUF001
)
_POLITE: Final = re.compile(r"\W*(?:can|could|would|will) (?:you|u)\b")
_AUXILIARY: Final = re.compile(
    r"\W*(?:is|are|was|were|am|do|does|did|can|could|should|would|will|shall|has|have|had|may|might|must"
    r"|isn't|aren't|don't|doesn't|didn't|can't|won't)\b"
)


def losses(original: str, rewritten: str) -> tuple[str, ...]:
    """Name what a rewriting lost of a query, and what it invented.

    Parameters
    ----------
    original
        What the user asked, in English; of other languages fewer changes are let through, since their words for
        politeness are not known.
    rewritten
        What is to be asked instead.

    Returns
    -------
    tuple of str
        Each reads ``kind lost: 'it'``, ``kind invented: 'it'`` or ``kinds reordered``, with these kinds: quotation,
        literal (addresses, file names, code), number, unit (the word that a number counts), symbol, name, negation,
        question (its kind), word. Empty if the rewriting is faithful.

    Examples
    --------
    >>> losses("wich country has 3 capitals", "Which country has three capitals?")
    ()
    >>> losses("why can't Ann pay 5% of it", "Why can Ann pay 6% of it?")
    ("number lost: '5%'", "number invented: '6%'", "negation lost: 'not'")

    """
    if original == rewritten:
        return ()
    return tuple(dict.fromkeys(loss for check in _CHECKS for loss in check(original, rewritten)))


def _quotations(original: str, rewritten: str) -> Iterator[str]:
    for quotation, times in Counter(quotations(original)).items():
        if not is_quoted(quotation, rewritten, times=times):
            yield _lost("quotation", quotation)
    before = _squeezed(original)
    for quotation in quotations(rewritten):
        if _squeezed(quotation) not in before:
            yield _invented("quotation", quotation)


def _literals(original: str, rewritten: str) -> Iterator[str]:
    for literal in literals(original):
        if not stands(literal, rewritten):
            yield _lost("literal", literal)
    for literal in literals(rewritten):
        if not stands(literal, original) and _squeezed(literal) not in _squeezed(original):
            yield _invented("literal", literal)


def _numbers(original: str, rewritten: str) -> Iterator[str]:
    before, after = quantities(in_digits(original)), quantities(in_digits(rewritten))
    numbers, others = [one.number for one in before], [one.number for one in after]
    if numbers != others:
        yield from _differences("number", numbers, others)
        return
    for one, other in zip(before, after, strict=True):
        if one.counted and carries(one.counted) and not alike(one.counted, other.counted):
            yield _lost("unit", one.counted)


def _symbols(original: str, rewritten: str) -> Iterator[str]:
    before, after = Counter(_signs(original)), Counter(_signs(rewritten))
    yield from (_lost("symbol", sign) for sign in before - after)
    yield from (_invented("symbol", sign) for sign in after - before)


def _names(original: str, rewritten: str) -> Iterator[str]:
    before, after = _cased(original), _cased(rewritten)
    names = _names_in(original)
    missing = Counter(names) - Counter(after)
    yield from (_lost("name", name) for name in missing)
    known = {word.casefold() for word in before}
    for name in _names_in(rewritten):
        if not any(alike(word, name.casefold()) for word in known):
            yield _invented("name", name)
    if not missing and [word for word in before if word in names] != [word for word in after if word in names]:
        yield "names reordered"


def _negations(original: str, rewritten: str) -> Iterator[str]:
    before, after = Counter(negations(original)), Counter(negations(rewritten))
    yield from (_lost("negation", negation) for negation in before - after)
    yield from (_invented("negation", negation) for negation in after - before)


def _questions(original: str, rewritten: str) -> Iterator[str]:
    before, after = dict.fromkeys(question_words(original)), dict.fromkeys(question_words(rewritten))
    asks = bool(before) or _is_yes_or_no(original)
    yield from (_lost("question", word) for word in before if word not in after)
    if asks:
        yield from (_invented("question", word) for word in after if word not in before)
    if not before and asks and not (_is_yes_or_no(rewritten) or rewritten.rstrip().endswith("?")):
        yield _lost("question", "yes or no")


def _words(original: str, rewritten: str) -> Iterator[str]:
    # In digits: the words of numbers are numbers.
    before, after = Counter(words(in_digits(original))), Counter(words(in_digits(rewritten)))
    new = list((after - before).elements())
    for word in (before - after).elements():
        if carries(word):
            mended = next((other for other in new if alike(word, other)), None)
            if mended is None:
                yield _lost("word", word)
            else:
                new.remove(mended)
    yield from (_invented("word", word) for word in new if not completes(word))


_CHECKS: Final[tuple[Callable[[str, str], Iterator[str]], ...]] = (
    _quotations,
    _literals,
    _numbers,
    _symbols,
    _names,
    _negations,
    _questions,
    _words,
)


def _differences(kind: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    lost, invented = Counter(before) - Counter(after), Counter(after) - Counter(before)
    yield from (_lost(kind, one) for one in lost)
    yield from (_invented(kind, one) for one in invented)
    if not lost and not invented:
        yield f"{kind}s reordered"


def _signs(text: str) -> Iterator[str]:
    yield from (match[0].strip().replace("−", "-").replace("–", "-") for match in _SYMBOL.finditer(text))  # noqa: RUF001
    yield from unpaired_marks(text)
    if not text.isascii():
        yield from (sign for sign in text if not sign.isascii() and unicodedata.category(sign) in {"Sm", "Sc", "So"})


def _names_in(text: str) -> list[str]:
    """Capitalised words that do not begin a sentence, and words with a capital further in, such as NASA and pH."""
    text = plain(text)
    beginnings = {match.end() for match in _SENTENCE.finditer(text)}
    found = []
    for match in WORD.finditer(text):
        word = bare(match[0])
        is_inside = match.start() not in beginnings and carries(word.lower())
        if any(letter.isupper() for letter in word[1:]) or (word[0].isupper() and is_inside):
            found.append(word)
    return found


def _cased(text: str) -> list[str]:
    return [bare(match[0]) for match in WORD.finditer(plain(text))]


def _is_yes_or_no(text: str) -> bool:
    text = plain(text).lower()
    return _AUXILIARY.match(text) is not None and _POLITE.match(text) is None


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split())


def _lost(kind: str, what: str) -> str:
    return f"{kind} lost: {shown(what)}"


def _invented(kind: str, what: str) -> str:
    return f"{kind} invented: {shown(what)}"
