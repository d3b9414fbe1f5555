"""A GGUF model in torch: its weights dequantised, its tokens as llama.cpp counts them. In the training host only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.utils.quantization_config import GgufConfig

from octograph.nodes.models import read_lora

__all__ = ["Dialogue", "adapted", "load_model", "narrow"]

_MARK = "\x00"


def load_model(file: Path, *, head: bool) -> Any:
    """Return a model with ordinary float32 weights, with its language-model head or without."""
    loader: Any = AutoModelForCausalLM if head else AutoModel
    return loader.from_pretrained(
        str(file.parent), gguf_file=file.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )


def adapted(model: Any, adapter: Path, *, base: Path) -> Any:
    """Return a model with the weights of a GGUF LoRA adapter added to its own."""
    factors = read_lora(adapter, base=base)
    layers = "|".join(map(str, range(factors.first_layer, model.config.num_hidden_layers)))
    targets = rf"model\.layers\.({layers})\..*_proj"
    changed: Any = get_peft_model(
        model,
        LoraConfig(r=factors.rank, lora_alpha=factors.alpha, target_modules=targets),
    )
    set_peft_model_state_dict(changed, {name: torch.from_numpy(part) for name, part in factors.tensors.items()})
    return changed.merge_and_unload()


def narrow() -> torch.autocast:
    """Compute in bfloat16 within a block where this processor is faster at that; elsewhere it is much slower."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.backends.cpu.get_cpu_capability() == "AVX512")


class Dialogue:
    """A model's tokens and its chat template, piece by piece as the llama.cpp engine tokenises them.

    What the template writes may hold control tokens; what people wrote never does.
    """

    def __init__(self, file: Path) -> None:
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)

    @property
    def end(self) -> int:
        """The token that closes a turn."""
        token: int = self._tokenizer.eos_token_id
        return token

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text as it stands, control tokens spelled in it included."""
        found: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return found

    def plain(self, text: str) -> list[int]:
        """Token ids of what somebody wrote."""
        found: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        return found

    def around(self, system: str) -> tuple[list[int], list[int]]:
        """Token ids before and after a user's query, up to where the assistant's answer begins."""
        turns = [{"role": "system", "content": _MARK}] if system else []
        turns.append({"role": "user", "content": _MARK})
        text = str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        *first, before, behind = text.split(_MARK)
        opening = [*self.tokens(first[0]), *self.plain(system.strip())] if first else []
        return [*opening, *self.tokens(before)], self.tokens(behind)

    def next_turn(self, query: str) -> list[int]:
        """Token ids behind an assistant's answer, of a user's next query, up to where the reply to that begins."""
        turns = [{"role": role, "content": _MARK} for role in ("user", "assistant", "user")]
        text = str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        *_, between, behind = text.split(_MARK)
        return [*self.tokens(between), *self.plain(query), *self.tokens(behind)]
