"""The network that tells steps apart: torch and numpy agree, and a fit in a process of its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.nodes.master import StepNetwork, TokenStates
from octograph.nodes.master.steps import token_labels
from octograph.nodes.training import Trainer

TEXT = "add these up and then write a note"
ENDS = np.array([3, 9, 12, 16, 21, 27, 29, 34])
SPANS = ((0, 12), (22, 34))
REVERSED = (SPANS[1], SPANS[0])


def drawn(spans: tuple[tuple[int, int], ...], random: np.random.Generator) -> TokenStates:
    """States that tell a first clause from a second one, and behind the query which of them is to be done first."""
    states = np.zeros((len(ENDS) + 1, 5), np.float32)
    places = token_labels(TokenStates(states=states, ends=ENDS), SPANS)
    states[np.arange(len(ENDS)), places] = 5
    states[-1, 3 if spans == SPANS else 4] = 5
    return TokenStates(states=states + random.normal(scale=0.3, size=states.shape).astype(np.float32), ends=ENDS)


async def test_a_network_that_was_fitted_tells_the_steps_and_their_order() -> None:
    random = np.random.default_rng(0)
    queries = [(drawn(spans, random), spans) for spans in (SPANS, REVERSED) for _ in range(500)]
    told: list[tuple[int, int]] = []
    trainer = Trainer(threads=1)
    try:
        network = await trainer.fit_steps(queries, progress=lambda done, total: told.append((done, total)))
    finally:
        trainer.close()
    for spans in (SPANS, REVERSED):
        assert network.spans(drawn(spans, random), TEXT) == tuple(
            (max(0, start - 1), end) for start, end in spans
        )  # the space before a word belongs to its token
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]


@pytest.mark.filterwarnings("ignore")
def test_torch_and_numpy_agree() -> None:
    import torch

    from octograph.nodes.training.steps import TorchSteps

    torch.manual_seed(0)
    network = TorchSteps(5, units=6, rows=3).eval()
    random = np.random.default_rng(1)
    mean, scale = random.normal(size=5).astype(np.float32), random.uniform(0.5, 2, size=5).astype(np.float32)
    many = [
        TokenStates(states=random.normal(size=(count + 2, 5)).astype(np.float32), ends=np.arange(1, count + 1))
        for count in (1, 4, 9)
    ]

    def scaled(states: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy((states - mean) / scale)

    with torch.no_grad():
        logits = network(
            [scaled(one.states[: len(one.ends)]) for one in many], torch.stack([scaled(one.states[-1]) for one in many])
        )
        weights = network.weights(torch.from_numpy(mean), torch.from_numpy(scale))
    same = StepNetwork(**{name: part.detach().numpy() for name, part in weights.items()})  # type: ignore[arg-type]  # no text among them
    for one, wanted in zip(many, logits.log_softmax(dim=2).numpy(), strict=True):
        np.testing.assert_allclose(same.log_probabilities(one), wanted[: len(one.ends)], atol=1e-4)
