"""Output held to a JSON schema, by llama.cpp's grammars.

The grammar only says which tokens may come next; what the model thinks of them is measured before it.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp.llama_grammar import SchemaConverter
from numpy.typing import NDArray

from octograph.errors import HostRequestError
from octograph.nodes.llama.log_softmax import likeliest
from octograph.nodes.llama.model import Model

__all__ = ["Grammar"]

_CANDIDATES = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_LIKELY = 64
_NOT_HELD = frozenset({
    "contains", "dependentRequired", "dependentSchemas", "else", "exclusiveMaximum", "exclusiveMinimum", "if",
    "maxProperties", "maximum", "minProperties", "minimum", "multipleOf", "not", "patternProperties",
    "propertyNames", "then", "uniqueItems",
})  # fmt: skip
"""What the converter would pass over in silence."""

_CHARACTER = r"""char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})"""
"""A character of a JSON string (RFC 8259, section 7); the converter's own rule lets control characters in."""


class _Converter(SchemaConverter):  # type: ignore[misc]  # it has no types
    """llama.cpp's converter, which by itself loses what JSON spells with a backslash."""

    def _format_literal(self, literal: str) -> str:
        try:
            value = json.loads(literal)
        except ValueError:  # a character of a pattern
            return str(super()._format_literal(literal))
        return str(super()._format_literal(json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")))


class Grammar:
    """Where one text stands in a grammar.

    Parameters
    ----------
    model
        Whose tokens are judged.
    schema
        A JSON schema; `$ref` within the document only.

    Raises
    ------
    HostRequestError
        The schema is none, or llama.cpp cannot make a grammar of it.

    """

    def __init__(self, model: Model, schema: dict[str, Any]) -> None:
        not_held = sorted(_NOT_HELD & set(_keywords(schema)))
        if not_held:
            raise HostRequestError(
                f"a grammar cannot hold {not_held[0]!r} of the JSON schema",
                hint="Leave it out and check the value afterwards; numbers with few values can be an enum.",
            )
        try:
            converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
            converter.visit(converter.resolve_refs(json.loads(json.dumps(schema)), "schema"), "")
            rules = converter.format_grammar().splitlines()
        except Exception as error:  # the converter raises whatever it stumbles over
            raise HostRequestError(
                f"the JSON schema cannot be used: {type(error).__name__}: {error}",
                hint="Use types, properties, items, enum, const, anyOf and $ref within the document.",
            ) from error
        text = "\n".join(_CHARACTER if rule.startswith("char ::=") else rule for rule in rules)
        self._sampler = llama_cpp.llama_sampler_init_grammar(model.vocab, text.encode(), b"root")
        if not self._sampler:
            raise HostRequestError("llama.cpp cannot make a grammar of the JSON schema", hint="Simplify the schema.")

    def copy(self) -> Grammar:
        """Another text that stands at the same place."""
        twin = object.__new__(Grammar)
        twin._sampler = llama_cpp.llama_sampler_clone(self._sampler)
        return twin

    def allowed(self, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `tokens` ``[c]`` may come next."""
        candidates = np.zeros(len(tokens), _CANDIDATES)
        candidates["id"] = tokens
        array = llama_cpp.llama_token_data_array(
            data=ctypes.cast(candidates.ctypes.data, llama_cpp.llama_token_data_p),
            size=len(candidates),
            selected=-1,
            sorted=False,
        )
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        kept: NDArray[np.bool_] = np.isfinite(candidates["logit"])
        return kept

    def masked(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits ``[V]`` with ``-inf`` for every token that may not come next."""
        return np.where(self.allowed(np.arange(len(logits))), logits, np.float32(-np.inf))

    def best(self, logits: NDArray[np.float32]) -> int:
        """Return the likeliest token that may come next, for logits ``[V]``; the likely ones are asked first."""
        for count in (1, _LIKELY):
            likely = np.array(likeliest(logits, count))
            kept = likely[self.allowed(likely)]
            if len(kept):
                return int(kept[0])
        return int(self.masked(logits).argmax())

    def accept(self, token: int) -> None:
        """Go on behind a token, which must be an allowed one."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free llama.cpp's side of it."""
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
            self._sampler = None


def _keywords(schema: Any) -> Iterator[str]:
    """Every keyword of a schema and of those inside it; names of properties are none."""
    if isinstance(schema, list):
        for part in schema:
            yield from _keywords(part)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
                yield from _keywords(list(value.values()))
            elif key not in ("enum", "const", "default", "examples"):
                yield from _keywords(value)
