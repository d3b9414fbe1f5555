"""ASPIRE's selection score: the likelihood of an answer, and what a trained soft prompt makes the model say of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from octograph.agents.selection.score import mean_logprob, sum_logprob
from octograph.agents.selection.words import first_tokens
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Scorer, ScoreRequest, SoftPrompt, Tokenize, Tokens

__all__ = ["ALPHA", "ASKS", "OPENS", "Aspire", "verdicts"]

ALPHA = 0.25
"""Weight of the self-evaluation (Chen et al. 2023)."""

ASKS, OPENS = "Is that answer correct or wrong?", "The answer is"
"""As which theta_s begins, so that the two words are likely from the start; the method leaves open how it begins."""

WORDS = ("correct", "wrong")
"""Between which the model chooses behind the soft prompt."""


class Aspire:
    """``g = (1 - alpha) log f_norm(y|x) + alpha log P(correct|x,y)`` (Chen et al. 2023, arXiv 2310.11689), in nats.

    ``P(correct|x,y)`` is the softmax over the two words alone behind ``[prompt; answer; theta_s]``. The prompt's and
    the answer's keys and values are in the cache still, so it costs the rows of theta_s and the answer's last token,
    and no second prefill; unless others who asked meanwhile pushed them out, as `Samples` of the same prompt do with
    the answer's. The answer's adapter stays on: theta_s is trained over it.

    Parameters
    ----------
    scorer
        The model that answered.
    tokenize
        Its tokenizer, such as `octograph.nodes.llama.LlamaClient.tokenize`.
    theta_s
        File of the trained soft prompt, see `SoftPrompt`. None if there is none for this worker: then ``g`` is the
        likelihood's part alone, ``log f_norm(y|x)``, and `kind` says so.
    alpha
        Weight of the self-evaluation, from 0 to 1.
    length_normalised
        Whether the likelihood counts by token, as in the paper, or as a whole, ``log f(y|x)``.

    Raises
    ------
    UsageError
        `alpha` is not within 0 and 1.

    """

    name = "aspire"

    def __init__(
        self,
        scorer: Scorer,
        tokenize: Tokenize,
        *,
        theta_s: Path | None,
        alpha: float = ALPHA,
        length_normalised: bool = True,
    ) -> None:
        if not 0 <= alpha <= 1:
            raise UsageError(f"alpha is {alpha!r}", hint="Give the self-evaluation a weight from 0 to 1.")
        self._scorer = scorer
        self._tokenize = tokenize
        self._theta_s = theta_s
        self._alpha = alpha
        self._likelihood = mean_logprob if length_normalised else sum_logprob
        self._tokens: tuple[int, ...] = ()

    @property
    def kind(self) -> Literal["self-evaluated", "likelihood"]:
        """What the score rests on. Scores of two kinds must not be compared, nor share a threshold."""
        return "likelihood" if self._theta_s is None else "self-evaluated"

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`."""
        likely = self._likelihood(answered.measures)
        if self._theta_s is None or likely == -math.inf:
            return None if cancel.cancelled else likely
        correct = await self._p_correct(answered, self._theta_s, cancel)
        if correct is None:
            return None
        # Each part counts by its weight, and a part of weight 0 not at all, be it infinite.
        evaluated = math.log(correct) if correct else -math.inf
        parts = ((1 - self._alpha, likely), (self._alpha, evaluated))
        return math.fsum(weight * part for weight, part in parts if weight)

    async def _p_correct(self, answered: Answered, theta_s: Path, cancel: CancelToken) -> float | None:
        if not self._tokens:
            self._tokens = await verdicts(self._tokenize)
        correct, wrong = self._tokens
        request = ScoreRequest(
            prompt=(*answered.prompt, Tokens(answered.tokens), SoftPrompt(theta_s)),
            among=(correct, wrong),
            adapter=answered.adapter,
        )
        scores = await self._scorer.score(request, cancel=cancel)
        return None if scores is None else float(scores.probabilities[0])


async def verdicts(tokenize: Tokenize) -> tuple[int, int]:
    """Return the tokens for right and for wrong, with which theta_s is trained and read.

    They follow a word, so they begin with a space; with nothing where a model has a token for the space itself.

    Raises
    ------
    UsageError
        Both begin with the same token even so.

    """
    try:
        (correct,), (wrong,) = await first_tokens([(f" {word}",) for word in WORDS], tokenize)
    except UsageError:
        (correct,), (wrong,) = await first_tokens([(word,) for word in WORDS], tokenize)
    return correct, wrong
