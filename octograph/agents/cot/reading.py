"""The answers of several texts of one prompt, found and measured.

Shapes: ``n`` tokens of a text, ``m`` tokens with which options begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from octograph.agents.cot.options import Options
from octograph.agents.cot.paths import delta_of, fault_of
from octograph.agents.cot.spans import Span, Spans, aligned, covering
from octograph.agents.cot.words import Words
from octograph.cancellation import CancelToken
from octograph.nodes.decoding import (
    Branch,
    BranchDecoder,
    DecodeRequest,
    Part,
    Scorer,
    ScoreRequest,
    Text,
    Tokenizer,
    Tokens,
)
from octograph.nodes.worker import AnswerPath

__all__ = ["PathsModel", "Reading"]

ASKED_FOR = "\nSo the answer is"
"""Wang and Zhou 2024, section 2.3: makes a model name the answer of what it wrote."""

LONGEST_ANSWER = 24
"""Tokens that are heard behind it."""

_WORD = re.compile(r"\w")


class PathsModel(BranchDecoder, Scorer, Tokenizer, Protocol):
    """A model that writes several texts, measures given ones, and tells its tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Finds what the texts of one prompt come to.

    Attributes
    ----------
    model, adapter
        Who wrote them.
    prompt
        What they continue.
    spans
        The kind of answer; None if the model has to be asked for it.
    cancel
        Ends what is asked.

    """

    model: PathsModel
    prompt: tuple[Part, ...]
    spans: Spans | None
    adapter: Path | None
    cancel: CancelToken

    @property
    def local(self) -> bool:
        """Whether a text and its measures tell all, without a further question to the model."""
        return self.spans is not None and not isinstance(self.spans, Options)

    async def path(self, branch: Branch) -> tuple[AnswerPath, int]:
        """Return a text with its answer and Delta, and how many tokens the model wrote to name that answer.

        Delta is over the tokens of the text itself where the answer stands there.
        """
        path = self.measured(branch)
        if path.fault is not None or self.local or self.cancel.cancelled:
            return path, 0
        if isinstance(self.spans, Options) and path.start is not None:
            delta = await self._between(self.spans, branch, path)
            return (path if delta is None else replace(path, delta=delta)), 0
        return await self._asked(branch, path)

    def measured(self, branch: Branch) -> AnswerPath:
        """Return a text with the answer that can be told from it, and the mean margin of its tokens."""
        path = AnswerPath(branch=branch.branch, text=branch.text, fault=fault_of(branch))
        span = None if self.spans is None or path.fault is not None else self.spans.find(branch.text)
        return path if span is None else _spanned(path, span, branch)

    async def _asked(self, branch: Branch, path: AnswerPath) -> tuple[AnswerPath, int]:
        """Have the model name the answer, and look for it in the text by its token ids.

        Where it stands there, Delta is of the text's own tokens, else of those that were heard.
        """
        lines = await self._heard(branch)
        written = sum(len(line.tokens) for line in lines)
        heard = lines[-1] if lines else None
        span = None if heard is None else (self.spans or Words()).find(heard.text)
        if heard is None or heard.measures is None or span is None:
            return path, written
        inside = covering(heard.ends, span.start, span.end)
        margins = heard.measures.margins[inside].tolist()
        if not margins:  # characters of which no token was the last
            return path, written
        named = replace(path, answer=span.answer, delta=delta_of(margins))
        # A text in which no option was found does not hold it, whatever tokens it shares with one.
        found = aligned(branch.tokens, heard.tokens[inside]) if self.spans is None else None
        if found is None or branch.measures is None:
            return named, written
        named = replace(
            named,
            delta=delta_of(branch.measures.margins[found].tolist()),
            start=branch.ends[found.start - 1] if found.start else 0,
            end=branch.ends[found.stop - 1],
        )
        return named, written

    async def _heard(self, branch: Branch) -> list[Branch]:
        """Return the line that names the answer, behind one that only leads to it, such as ":"; none if cancelled."""
        prompt: tuple[Part, ...] = (*self.prompt, Tokens(branch.tokens), Text(ASKED_FOR))
        lines = await self._lines(prompt)
        if any(line.tokens and not _WORD.search(line.text) for line in lines):
            lines += await self._lines((*prompt, Tokens(lines[0].tokens)))
        return lines

    async def _lines(self, prompt: tuple[Part, ...]) -> list[Branch]:
        request = DecodeRequest(
            prompt=prompt, max_tokens=LONGEST_ANSWER, stop=("\n",), measured=True, adapter=self.adapter
        )
        pieces = self.model.decode(request, cancel=self.cancel)
        return [piece async for piece in pieces if isinstance(piece, Branch)]

    async def _between(self, options: Options, branch: Branch, path: AnswerPath) -> float | None:
        """Delta between fixed options: the answer's mass less that of its strongest rival, 0 where that is stronger.

        The mass of an option is summed over its spellings. None where two options begin with the same token, or what
        the answer hangs on cannot be told from its first token.
        """
        start, end = path.start or 0, path.end or 0
        place = covering(branch.ends, start, end).start
        lead = branch.text[branch.ends[place - 1] if place else 0 : start]
        first: dict[str, set[int]] = {}
        for option in options.options:
            spelled = options.spellings(option, like=branch.text[start:end])
            first[option] = {(await self.model.tokenize(lead + text))[0] for text in spelled}
        among = tuple(sorted(set().union(*first.values())))
        if branch.tokens[place] not in among or len(among) < sum(map(len, first.values())):
            return None
        request = ScoreRequest(prompt=(*self.prompt, Tokens(branch.tokens[:place])), among=among, adapter=self.adapter)
        scores = await self.model.score(request, cancel=self.cancel)
        if scores is None:
            return None
        given = dict(zip(among, scores.probabilities * scores.mass, strict=True))  # [m]
        masses = {option: sum(given[token] for token in tokens) for option, tokens in first.items()}
        own = masses.pop(path.answer or "")
        return max(0.0, float(own - max(masses.values())))


def _spanned(path: AnswerPath, span: Span, branch: Branch) -> AnswerPath:
    tokens = covering(branch.ends, span.start, span.end)
    margins = () if branch.measures is None else branch.measures.margins[tokens].tolist()
    return replace(
        path, answer=span.answer, start=span.start, end=span.end, delta=delta_of(margins) if margins else None
    )
