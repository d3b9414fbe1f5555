"""Discovery: three calls, what each of them is shown, what becomes of what the model writes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from octograph.agents.self_discover import DEMONSTRATION, MODULES, Discovered, Discovery
from octograph.cancellation import CancelToken
from octograph.errors import ToolError, UsageError
from octograph.nodes.generation import Finish, Generation, GenerationRequest, TextDelta
from octograph.nodes.structure import FINAL

EXAMPLES = ("Was the meeting before the lunch?", "Did Ann leave after Bob?")
SELECTED = ["break down", "check assumptions", "break down"]
ADAPTED = {"break down": "Take each event alone.", "check assumptions": "Ask which order is only\nassumed."}
STEPS = [{"key": "Events", "what": "List them"}, {"key": "Order", "what": "Sort them by time"}]
GOOD = (json.dumps(SELECTED), json.dumps(ADAPTED), json.dumps(STEPS))


class Script:
    """A `Generator` that writes one text after the other; texts without a finish of their own end by themselves.

    Attributes
    ----------
    requests
        What it was asked for, in order.

    """

    def __init__(
        self, texts: Sequence[str], *, finishes: Sequence[Finish] = (), cancelling: dict[int, CancelToken] | None = None
    ) -> None:
        self.requests: list[GenerationRequest] = []
        self._texts = list(texts)
        self._finishes = list(finishes)
        self._cancelling = cancelling or {}

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        place = len(self.requests)
        self.requests.append(request)
        yield TextDelta(text=self._texts[place])
        if place in self._cancelling:
            self._cancelling[place].cancel()
        yield Generation(
            finish="cancelled" if cancel.cancelled else self._finishes[place] if self._finishes else "stop",
            prompt_tokens=100 + place, cached_tokens=0, completion_tokens=10, prefill_seconds=0.5, decode_seconds=0.25,
        )  # fmt: skip


async def discovered(model: Script, examples: Sequence[str] = EXAMPLES) -> Discovered:
    found = await Discovery(model).discover(examples, cancel=CancelToken())
    assert found is not None
    return found


async def test_three_calls_make_a_structure() -> None:
    model = Script(GOOD)
    found = await discovered(model)
    assert found.structure.keys == ("Events", "Order", FINAL)
    assert [step.what for step in found.structure.steps] == ["List them", "Sort them by time"]
    assert found.modules == ("break down", "check assumptions")
    assert found.adapted == ("Take each event alone.", "Ask which order is only assumed.")
    assert found.calls == len(model.requests) == 3
    assert found.seconds == 3 * 0.75
    assert [one.prompt_tokens for one in found.generations] == [100, 101, 102]


async def test_each_call_is_shown_what_the_equations_say_in_their_order() -> None:
    model = Script(GOOD)
    await discovered(model)
    select, adapt, implement = (
        "\n".join(message.content for message in request.messages) for request in model.requests
    )
    for text in (select, adapt, implement):
        assert all(example in text for example in EXAMPLES)
    offered = [select.index(f"- {module.name}: {module.sentence}") for module in MODULES]
    assert len(offered) == 39
    assert offered == sorted(offered)
    assert max(offered) < select.index(EXAMPLES[0])

    lines = [line for line in adapt.splitlines() if line.startswith("- ")]
    chosen = [module for module in MODULES if module.name in ADAPTED]
    assert sorted(lines) == sorted(f"- {module.name}: {module.sentence}" for module in chosen)
    assert adapt.index(lines[-1]) < adapt.index(EXAMPLES[0])

    shown = [implement.index(step.what) for step in DEMONSTRATION.all_steps]
    assert max(shown) < implement.index("Take each event alone.") < implement.index(EXAMPLES[0])
    assert [message.role for message in model.requests[2].messages] == ["system", "user", "assistant", "user"]
    assert not any(step.what in select + adapt for step in DEMONSTRATION.all_steps)


async def test_each_call_is_held_to_its_schema() -> None:
    model = Script(GOOD)
    await discovered(model)
    select, adapt, implement = (request.schema for request in model.requests)
    assert select is not None
    assert select["items"] == {"enum": [module.name for module in MODULES]}
    assert (select["minItems"], select["maxItems"]) == (2, 5)
    assert adapt is not None
    assert adapt["required"] == list(adapt["properties"]) == ["break down", "check assumptions"]
    assert implement is not None
    assert implement["items"]["required"] == ["key", "what"]


async def test_the_demonstration_passes_the_schema_that_it_demonstrates() -> None:
    model = Script(GOOD)
    await discovered(model)
    schema: Any = model.requests[2].schema
    shown = json.loads(model.requests[2].messages[2].content)
    assert schema["minItems"] <= len(shown) <= schema["maxItems"]
    for step in shown:
        assert list(step) == schema["items"]["required"]
        for name, rule in schema["items"]["properties"].items():
            assert rule["minLength"] <= len(step[name]) <= rule["maxLength"]
    assert shown[-1]["key"] == FINAL


@pytest.mark.parametrize(
    ("written", "keys", "final"),
    [
        ([{"key": "A", "what": "x"}, {"key": "a", "what": "y"}], ["A"], None),
        ([{"key": "A", "what": "x"}, {"key": " final Answer: ", "what": "Yes or no"}], ["A"], "Yes or no"),
        ([{"key": ' "A"\n\\b: ', "what": "x"}, {"key": "B\U0001f600", "what": "y"}], ["'A' b", "B\U0001f600"], None),
        ([{"key": " ", "what": "x"}, {"key": "B", "what": "\t"}, {"key": "C\u200b", "what": "z"}], ["C"], None),
        ([{"key": "Doubts", "what": "x"}, {"key": "A", "what": "y"}], ["Doubts", "A"], None),
    ],
)
async def test_what_a_grammar_lets_through_is_tidied(
    written: list[dict[str, str]], keys: list[str], final: str | None
) -> None:
    found = await discovered(Script([*GOOD[:2], json.dumps(written)]))
    assert [step.key for step in found.structure.steps] == keys
    if final is not None:
        assert found.structure.final == final


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        (0, "[]", "SELECT failed, it names none"),
        (0, '["luck", 3]', "SELECT failed, it names none"),
        (0, "null", "SELECT failed, it names none"),
        (0, '["break', "SELECT failed, .* no JSON"),
        (1, '{"break down": "x"}', "ADAPT failed, it says nothing about 'check assumptions'"),
        (1, '{"break down": " ", "check assumptions": "x"}', "ADAPT failed, it says nothing about 'break down'"),
        (1, "[]", "ADAPT failed, it says nothing about 'break down'"),
        (2, "[]", "IMPLEMENT failed, no step"),
        (2, '{"key": "x"}', "IMPLEMENT failed, no step"),
        (2, '["x", {"key": "A"}, {"key": 3, "what": "x"}]', "IMPLEMENT failed, no step"),
        (2, json.dumps([{"key": "Final answer", "what": "x"}]), "IMPLEMENT failed, no step"),
        (2, json.dumps([{"key": "k" * 100, "what": "x"}]), "IMPLEMENT failed, .* cannot be a key"),
        (2, json.dumps([{"key": f"k{n}", "what": "x"} for n in range(13)]), "IMPLEMENT failed, .* 13 steps"),
        (2, json.dumps([{"key": "Doubts", "what": "x"}]), "IMPLEMENT failed, it copied"),
    ],
)
async def test_a_stage_that_comes_to_nothing_is_told(place: int, text: str, message: str) -> None:
    texts = [*GOOD]
    texts[place] = text
    model = Script(texts)
    with pytest.raises(ToolError, match=message) as caught:
        await discovered(model)
    assert "stronger model" in caught.value.hint
    assert len(model.requests) == place + 1


@pytest.mark.parametrize(("place", "stage"), enumerate(["SELECT", "ADAPT", "IMPLEMENT"]))
async def test_a_stage_that_is_cut_off_is_told(place: int, stage: str) -> None:
    finishes: list[Finish] = ["stop", "stop", "stop"]
    finishes[place] = "length"
    with pytest.raises(ToolError, match=f"{stage} failed, the limit of .* tokens cut it off"):
        await discovered(Script(GOOD, finishes=finishes))


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_cancelled_in_a_stage_it_finds_nothing(place: int) -> None:
    cancel = CancelToken()
    model = Script(GOOD, cancelling={place: cancel})
    assert await Discovery(model).discover(EXAMPLES, cancel=cancel) is None
    assert len(model.requests) == place + 1


async def test_cancelled_before_it_begins_it_asks_nobody() -> None:
    cancel = CancelToken()
    cancel.cancel()
    model = Script(GOOD)
    assert await Discovery(model).discover(EXAMPLES, cancel=cancel) is None
    assert model.requests == []


@pytest.mark.parametrize("examples", [(), ("",), ("A query", " \n")])
async def test_a_task_without_queries_cannot_be_discovered(examples: Sequence[str]) -> None:
    model = Script(GOOD)
    with pytest.raises(UsageError, match="from its queries") as caught:
        await discovered(model, examples)
    assert caught.value.hint
    assert model.requests == []
