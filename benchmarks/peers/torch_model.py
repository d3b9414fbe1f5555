"""A GGUF file, or a folder that transformers saved, as ordinary tensors on the CPU.

They hold the same weights as llama.cpp's, and these computations are not quantised; a peer that uses them differs from
llama.cpp in kernels and memory traffic too, and is compared as its users run it.
"""

from __future__ import annotations

import argparse
import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

__all__ = ["GivenTokens", "TorchModel"]


class GivenTokens:
    """A tokenizer that reads every text as the same given tokens, so that each peer has exactly the same prompt."""

    chat_template = None

    def __init__(self, tokenizer: Any, tokens: list[int]) -> None:
        self._tokenizer = tokenizer
        self._tokens = tokens

    def encode(self, _text: str, **_options: Any) -> Any:
        """Return the tokens, [1, n]."""
        import torch

        return torch.tensor([self._tokens])

    def __call__(self, _texts: list[str], **_options: Any) -> dict[str, Any]:
        """Return the tokens as a batch of one."""
        import torch

        return {"input_ids": self.encode(""), "attention_mask": torch.ones((1, len(self._tokens)), dtype=torch.long)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


class TorchModel:
    """The model, its tokenizer, and the sequences that `model.generate` returned since they were last taken."""

    def __init__(self, path: Path, *, threads: int, dtype: str) -> None:
        import torch

        transformers: Any = importlib.import_module("transformers")
        torch.set_num_threads(threads)
        where = {"gguf_file": path.name} if path.is_file() else {}
        folder = path.parent if where else path
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), **where)
        self.model.eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **where)
        # Made from a GGUF file, the tokenizer takes the first control token for the end of a text.
        self.tokenizer.eos_token = self.tokenizer.convert_ids_to_tokens(self.model.config.eos_token_id)
        self._sequences: list[list[int]] = []
        self._generate = self.model.generate
        self.model.generate = self._recorded
        self.description = {
            "torch": version("torch"),
            "transformers": version("transformers"),
            "dtype": dtype,
            "threads": torch.get_num_threads(),
            "attention": self.model.config._attn_implementation,
        }

    @classmethod
    def from_arguments(cls, description: str | None) -> Self:
        """Load what the command line names."""
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("path", type=Path)
        parser.add_argument("threads", type=int)
        parser.add_argument("dtype", choices=("float32", "bfloat16"), nargs="?", default="float32")
        arguments = parser.parse_args()
        return cls(arguments.path, threads=arguments.threads, dtype=arguments.dtype)

    def prompt(self, request: dict[str, Any]) -> list[int]:
        """Return the request's ``prompt_tokens``, or those of its ``messages`` in the chat template."""
        if "prompt_tokens" in request:
            tokens: list[int] = request["prompt_tokens"]
            return tokens
        text = self.tokenizer.apply_chat_template(request["messages"], tokenize=False, add_generation_prompt=True)
        encoded: list[int] = self.tokenizer.encode(text)
        return encoded

    def take(self, prompt: list[int]) -> list[list[int]]:
        """Return the new tokens of each sequence behind the prompt, and forget them."""
        taken = [sequence[len(prompt) :] for sequence in self._sequences]
        self._sequences.clear()
        return taken

    def written(self, prompt: list[int], seconds: float) -> dict[str, Any]:
        """Return the answer to a request: what was written behind the prompt, and in what time."""
        new = self.take(prompt)
        return {
            "seconds": seconds,
            "prompt_tokens": len(prompt),
            "tokens": sum(map(len, new)),
            "tokens_each": [len(tokens) for tokens in new],
            "texts": [self.tokenizer.decode(tokens) for tokens in new],
        }

    def _recorded(self, *arguments: Any, **options: Any) -> Any:
        output = self._generate(*arguments, **options)
        self._sequences += output.sequences.tolist()
        return output
