"""Answers judged by how likely a model makes them: GPTScore (Fu et al. 2023, arXiv 2302.04166).

``GPTScore(h | d, a, S) = sum_t w_t log p(h_t | h_<t, T(d, a, S))`` with equal weights ``w_t = 1/m``: the mean
log-probability of the answer's tokens ``h`` behind a text ``T`` that describes the task ``d`` and the aspect ``a`` and
holds the sources ``S``. It compares answers to one question; across questions it says little.

The text is plain and no turn of a chat, as in the paper: it is tokenised together with the answer. On 210 questions of
SQuAD the bundled model preferred the right answer to another one from the same paragraph in 133 of them, and behind a
chat turn in 124, which is no sure difference; with the reader's adapter, trained on chat turns, there was none.

Shapes: ``m`` tokens of an answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from octograph.agents.judging.aspects import Aspect
from octograph.agents.judging.seam import Seam
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.decoding import Scorer, ScoreRequest, Tokenize, Tokens

__all__ = ["Judge", "Judgement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an answer is worth beside others.

    Attributes
    ----------
    answer
        The answer as it was given.
    scores
        Its GPTScore by aspect, in nats a token: 0 at most, the higher the better.

    """

    answer: str
    scores: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Over the aspects, in nats a token."""
        return fmean(self.scores.values())

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"answer": self.answer, "scores": dict(self.scores), "mean": self.mean}


class Judge:
    """Compares answers with a model that need not have written any of them.

    Parameters
    ----------
    scorer
        The model.
    tokenize
        Its tokenizer, such as `octograph.nodes.llama.LlamaClient.tokenize`.
    adapter
        A GGUF LoRA adapter over the model.

    """

    def __init__(self, scorer: Scorer, tokenize: Tokenize, *, adapter: Path | None = None) -> None:
        self._scorer = scorer
        self._tokenize = tokenize
        self._adapter = adapter

    async def judge(
        self,
        question: str,
        answers: Sequence[str],
        *,
        aspects: Sequence[Aspect],
        context: str | None = None,
        cancel: CancelToken,
    ) -> tuple[Judgement, ...] | None:
        """Return what each answer is worth, in their order; None if cancelled.

        Parameters
        ----------
        question
            What was asked.
        answers
            Answers to compare. White space around one does not count.
        aspects
            What they are judged by.
        context
            What the answers have to agree with, such as passages; None if there is nothing.
        cancel
            Ends it.

        Raises
        ------
        UsageError
            There is no question, no answer or no aspect, one is blank or not valid Unicode, or two aspects have one
            name.
        ContextOverflowError
            Question, context and an answer do not fit in the model's context.
        HostError
            The model's process failed.

        """
        _check(question, answers, aspects, context)
        # The same answer twice is one: it must not come out better the second time by a rounding.
        scores: dict[str, dict[str, float]] = {answer.strip(): {} for answer in answers}
        for aspect in aspects:
            prompt = aspect.prompt(question, (context or "").strip() or None)
            found = await self._scores(prompt, list(scores), aspect, cancel)
            if found is None:
                return None
            for answer, score in found.items():
                scores[answer][aspect.name] = score
        return tuple(Judgement(answer=answer, scores=scores[answer.strip()]) for answer in answers)

    async def best(
        self,
        question: str,
        answers: Sequence[str],
        *,
        aspects: Sequence[Aspect],
        context: str | None = None,
        cancel: CancelToken,
    ) -> Judgement | None:
        """Return the answer with the highest mean, of equal ones the first; parameters and errors as in `judge`."""
        judgements = await self.judge(question, answers, aspects=aspects, context=context, cancel=cancel)
        return None if judgements is None else max(judgements, key=lambda one: one.mean)

    async def _scores(
        self, prompt: str, answers: Sequence[str], aspect: Aspect, cancel: CancelToken
    ) -> dict[str, float] | None:
        seam = Seam(prompt, self._tokenize)
        # Answers whose seam is alike stand behind one prompt, which is computed once.
        alike: defaultdict[tuple[int, ...], dict[str, tuple[int, ...]]] = defaultdict(dict)
        for answer in answers:
            if cancel.cancelled:
                return None
            before, tokens = await seam.split(answer)
            if not before:
                raise UsageError(
                    f"the template of {aspect.name!r} melts into the answer {answer!r}",
                    hint="Begin the template with a word and a space.",
                )
            alike[before][answer] = tokens
        found: dict[str, float] = {}
        for before, group in alike.items():
            request = ScoreRequest(
                prompt=(Tokens(before),),
                continuations=tuple(map(Tokens, group.values())),
                adapter=self._adapter,
            )
            scores = await self._scorer.score(request, cancel=cancel)
            if scores is None:
                return None
            for answer, score in zip(group, scores.continuations, strict=True):
                found[answer] = float(score.measures.logprobs.mean(dtype=np.float64))  # [m], w_t = 1/m
        return found


def _check(question: str, answers: Sequence[str], aspects: Sequence[Aspect], context: str | None) -> None:
    if not question.strip():
        raise UsageError("the question is empty", hint="The answers are judged as answers to it.")
    if not answers:
        raise UsageError("there is no answer to judge", hint="Give one or more.")
    for place, answer in enumerate(answers, start=1):
        if not answer.strip():
            raise UsageError(f"answer {place} is empty", hint="Leave it out: no answer is not an answer to compare.")
    for text in (question, *answers, context or ""):
        try:
            text.encode()
        except UnicodeEncodeError as error:  # lone surrogates, which Python makes of bytes that are not UTF-8
            raise UsageError(f"{text!r} is not valid Unicode", hint="Give it in UTF-8.") from error
    if not aspects:
        raise UsageError("there is no aspect to judge by", hint="Give one or more, such as ASPECTS['relevance'].")
    for name, count in Counter(aspect.name for aspect in aspects).items():
        if count > 1:
            raise UsageError(f"{count} aspects are called {name!r}", hint="Rename one of them, or leave it out.")
