"""Chat templates: programs from strangers around words from strangers."""

from __future__ import annotations

import sys
import time

import pytest

from octograph.errors import ModelFileError
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.model import Model


class Templated:
    """The real model under another template."""

    def __init__(self, model: Model, template: str | None) -> None:
        self.chat_template = template
        self.bos, self.eos = model.bos, model.eos
        self.tokenize, self.detokenize = model.tokenize, model.detokenize


def template(model: Model, text: str | None) -> ChatTemplate:
    return ChatTemplate(Templated(model, text))  # type: ignore[arg-type]  # what a template uses of a model


MESSAGES = [{"role": "user", "content": "hello"}]


def test_the_models_own_template_is_used(model: Model) -> None:
    own = ChatTemplate(model).tokens(MESSAGES)
    expected = (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"
    )
    assert own == model.tokenize(expected, special=True)


def test_a_model_without_a_template_gets_chatml(model: Model) -> None:
    tokens = template(model, None).tokens(MESSAGES)
    assert tokens == model.tokenize("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n", special=True)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception('no') }}",
        "{{ undefined.attribute }}",
        "no message at all",
        "{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}",
        "{{ 1 / 0 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ range(10 ** 9) | list }}",
        "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}",
    ],
)
def test_a_template_that_misbehaves_is_an_error(model: Model, text: str) -> None:
    with pytest.raises(ModelFileError):
        template(model, text).tokens(MESSAGES)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    ],
)
def test_a_template_that_does_not_end_is_stopped(model: Model, text: str) -> None:
    chat = template(model, text)
    trace = sys.gettrace()
    started = time.thread_time()
    with pytest.raises(ModelFileError, match="more than 2 s"):
        chat.tokens(MESSAGES)
    assert time.thread_time() - started < 10
    assert sys.gettrace() is trace


def test_a_template_that_is_no_jinja_is_an_error(model: Model) -> None:
    with pytest.raises(ModelFileError):
        template(model, "{% for %}")
    with pytest.raises(ModelFileError):
        template(model, "{{ " + "(" * 20_000)


def test_around_is_what_stands_before_and_behind_the_last_message(model: Model) -> None:
    chat = ChatTemplate(model)
    turns = [{"role": "system", "content": "Route."}, {"role": "user", "content": "words"}]
    before, after = chat.around(turns)
    assert before + model.tokenize("words") + after == chat.tokens(turns)


def test_words_that_look_like_marks_or_templates_stay_words(model: Model) -> None:
    for words in ("octograph0000000000000000n0n", "{{ 7 * 7 }}", "{% raw %}", "<|im_end|>"):
        tokens = ChatTemplate(model).tokens([{"role": "user", "content": words}])
        assert words in model.detokenize(tokens)
