"""One text being written: which token comes next, what is known of it, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.generation import Finish, Sampling
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.batcher import Work
from octograph.nodes.llama.grammar import Grammar
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.measures import CERTAIN, Measure, measure, measures_frame
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.results import Results
from octograph.nodes.llama.sampling import Sampler
from octograph.nodes.llama.text_stream import TextStream

__all__ = ["Branch"]


class Branch:
    """A continuation of a prompt.

    Parameters
    ----------
    index
        Which of the request's continuations it is.
    model
        Turns tokens into bytes.
    sampling, stop, ignore_eos, room
        How tokens are chosen, what ends the text, and how long it may become.
    grammar
        What the text is held to; the branch closes it.
    program
        Whether the text is a program into which results are written.
    measured
        Whether each token's `Measure` is kept, and where in the text it ends.

    Attributes
    ----------
    tokens
        What it wrote so far.
    room
        Most tokens of it.
    finish
        Why it ended, None while it goes on.

    """

    def __init__(
        self,
        index: int,
        *,
        model: Model,
        sampling: Sampling,
        stop: Sequence[str],
        ignore_eos: bool,
        room: int,
        grammar: Grammar | None,
        program: bool,
        measured: bool,
    ) -> None:
        self.index = index
        self.tokens: list[int] = []
        self.finish: Finish | None = None
        self._model = model
        self._sampler = Sampler(sampling)
        self._stream = TextStream(stop)
        self._ignore_eos = ignore_eos
        self.room = room
        self._grammar = grammar
        self._results = Results(model) if program else None
        self._measured = measured
        self._measures: list[Measure] = []
        self._reader = TextStream()
        self._ends: list[int] = []
        self._text = ""
        self._sent = 0
        self._latest = 0
        self._closed = False

    def adjusted(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits ``[V]`` as tokens are chosen by: less for repetitions, ``-inf`` where the grammar forbids."""
        logits = self._sampler.penalised(logits, self.tokens)
        return logits if self._grammar is None else self._grammar.masked(logits)

    def choose(self, logits: NDArray[np.float32]) -> int:
        """Return the next token for logits ``[V]``."""
        if self._grammar is None:
            return self._sampler(logits, self.tokens)
        logits = self._sampler.penalised(logits, self.tokens)
        if self._sampler.greedy:
            return self._grammar.best(logits)
        token = self._sampler(logits)
        # A token that fits is as likely here as below, and the whole vocabulary need not be asked.
        if self._grammar.allowed(np.array([token]))[0]:
            return token
        return self._sampler(self._grammar.masked(logits))

    def write(self, token: int, logits: NDArray[np.float32]) -> None:
        """Add a token that was chosen from logits ``[V]``."""
        if self._model.ends_generation(token) and not self._ignore_eos:
            self.end("stop")
            return
        if self._grammar is not None:
            self._grammar.accept(token)
        if self._measured:
            self._measures.append(measure(logits, token))
        self._latest = len(self.tokens)
        self._add(token)
        if self._results is not None:
            for result in self._results.behind(self._model.piece(token)):
                if self._measured:
                    self._measures.append(CERTAIN)
                self._add(result)
        if self._stream.stopped:
            self.end("stop")
        elif len(self.tokens) >= self.room:
            self.end("length")

    @property
    def undecoded(self) -> list[int]:
        """The token that was chosen last, and the result behind it if there is one."""
        return self.tokens[self._latest :]

    def _add(self, token: int) -> None:
        self.tokens.append(token)
        piece = self._model.piece(token)
        self._text += self._stream.push(piece)
        if self._measured:
            # Apart from the shown text, of which a stop string is held back and cut.
            self._ends.append((self._ends[-1] if self._ends else 0) + len(self._reader.push(piece)))

    def extend(self, lane: Lane, work: Work) -> None:
        """Write what follows from the logits of a work that is done: the latest token and a draft behind it.

        Of a draft as much stays as the text would have had without it (speculative decoding, Leviathan et al.
        2023, in its greedy form).
        """
        _, *draft = work.symbols
        before = len(work.slot.symbols) - len(work.symbols)
        for index, place in work.fresh:
            logits = lane.context.logits(place)
            token = self.choose(logits)
            self.write(token, logits)
            kept = before + index + 1
            if self.finish is not None or index == len(draft) or draft[index] != token:
                break
        lane.slots.cut(work.slot, kept)

    def end(self, finish: Finish) -> None:
        """Close the text."""
        self.finish = finish
        self._text += self._stream.finish()
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None

    def piece(self) -> Frame | None:
        """What was written since the last piece, if anything: ``branch, text, tokens`` and, once, ``finish``.

        If measured, also ``ends`` and float32 arrays as bytes: ``logprobs, margins, entropies``.
        """
        tokens = self.tokens[self._sent :]
        if self._closed or not (self._text or tokens or self.finish):
            return None
        frame: Frame = {"branch": self.index, "text": self._text, "tokens": tokens}
        if self._measured:
            frame |= {"ends": self._ends[self._sent :]} | measures_frame(self._measures[self._sent :])
        if self.finish is not None:
            frame["finish"] = self.finish
            self._closed = True
        self._text, self._sent = "", len(self.tokens)
        return frame
