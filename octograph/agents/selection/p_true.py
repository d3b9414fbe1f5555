"""The model's own word on whether an answer is true."""

from __future__ import annotations

from pathlib import Path

from octograph.agents.selection.words import first_tokens
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Chat, Part, Scorer, ScoreRequest, Text, Tokenize
from octograph.nodes.generation import Message

__all__ = ["PTrue"]

SYSTEM = "You check whether proposed answers to questions are true."

ASKED = "{question}\n\nProposed answer: {answer}\n\nIs the proposed answer True or False?"

LEAD = "The proposed answer is:"
"""With which the model's reply begins, so that the word comes next."""

TRUE, FALSE = (" True", "True", " true", "true"), (" False", "False", " false", "false")


class PTrue:
    """``P(True)`` against ``P(False)``, as the next word after the question and the proposed answer, from 0 to 1.

    Kadavath et al. 2022 (arXiv 2207.05221), without further sampled answers to compare with. The spellings of each
    word count together.

    Parameters
    ----------
    scorer
        The model that is asked.
    tokenize
        Its tokenizer, such as `octograph.nodes.llama.LlamaClient.tokenize`.
    adapter
        A GGUF LoRA adapter over it. By default there is none, even if the answer was written under one: an adapter
        that was trained to do one thing need not know how to judge.

    """

    name = "p_true"

    def __init__(self, scorer: Scorer, tokenize: Tokenize, *, adapter: Path | None = None) -> None:
        self._scorer = scorer
        self._tokenize = tokenize
        self._adapter = adapter
        self._tokens: tuple[tuple[int, ...], ...] = ()

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`.

        Raises
        ------
        UsageError
            The prompt has no question in words.

        """
        asked = ASKED.format(question=_question(answered.prompt), answer=answered.text.strip())
        if not self._tokens:
            self._tokens = await first_tokens([TRUE, FALSE], self._tokenize)
        true, false = self._tokens
        request = ScoreRequest(
            prompt=(
                Chat((Message(role="system", content=SYSTEM), Message(role="user", content=asked))),
                Text(LEAD),
            ),
            among=(*true, *false),
            adapter=self._adapter,
        )
        scores = await self._scorer.score(request, cancel=cancel)
        return None if scores is None else float(scores.probabilities[: len(true)].sum())


def _question(prompt: tuple[Part, ...]) -> str:
    """Return what the user said last, or the text of a prompt that is no conversation."""
    for part in reversed(prompt):
        if isinstance(part, Chat):
            said = [message.content for message in part.messages if message.role == "user"]
            if said:
                return said[-1].strip()
    text = "".join(part.text for part in prompt if isinstance(part, Text)).strip()
    if not text:
        raise UsageError(
            "the prompt has no question in words, only tokens",
            hint="P(True) needs a prompt that is a conversation or a text.",
        )
    return text
