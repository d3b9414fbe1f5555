"""LoRA adapters as PEFT saves them, converted to the GGUF files that llama.cpp loads, and back.

For a weight ``W`` PEFT keeps the factors ``A`` and ``B`` and computes with ``W + s B A``.
The scale ``s`` is ``alpha / r`` (https://arxiv.org/abs/2106.09685), or ``alpha / sqrt(r)`` for a rank-stabilised
adapter (https://arxiv.org/abs/2312.03732). llama.cpp knows only ``alpha / r``.

Shapes: ``W [m, n]``, ``A [r, n]``, ``B [m, r]``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FiniteFloat, PositiveInt, ValidationError

from octograph.errors import ModelFileError, ModelMissingError
from octograph.nodes.models.gguf_file import check_gguf
from octograph.nodes.models.gguf_header import MAGIC, Reader
from octograph.nodes.whole_file import written_whole

__all__ = ["LoraFactors", "convert_lora", "read_lora"]

_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

_PAIRED: Mapping[str, bool] = {"llama": True, "qwen2": False, "qwen3": False}
"""The architectures that can be converted, and whether their GGUF files keep the two rotary dimensions that turn
together side by side. Hugging Face keeps them half a head apart."""

_DTYPES: Mapping[str, str] = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""safetensors' names of types, as numpy reads their bytes. It has no bfloat16, which is the upper half of a float32."""

_Factor = NDArray[np.float32] | NDArray[np.float16]

_REFUSED: Mapping[str, str] = {
    "use_dora": "is a DoRA adapter",
    "modules_to_save": "replaces whole modules",
    "rank_pattern": "has several ranks",
    "alpha_pattern": "has several alphas",
    "layer_replication": "repeats layers of its base model",
    "lora_bias": "has biases",
    "use_qalora": "is a QALoRA adapter",
    "alora_invocation_tokens": "works only behind its invocation tokens",
}
"""Keys of the configuration that, where they are set, make an adapter more than factors with one scale."""

_PLAIN_STARTS = (True, False, "gaussian", "orthogonal", "eva")
"""Initialisations that leave the base model's weights as they are."""

_MODULES = "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj or down_proj"
_NAME = re.compile(
    # A model without its language-model head has one "model." less.
    r"base_model\.model\.(?:model\.)?layers\.(?P<layer>[0-9]{1,4})\.(?P<module>.+)\.lora_(?P<factor>[AB])\.weight"
)
_EMBEDDING = re.compile(r"base_model\.model\.(?:model\.)?(?P<module>embed_tokens|lm_head)\..+")

_WEIGHTS_OF: Mapping[str, str] = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""GGUF's names of a layer's weights by those of Hugging Face, in all of these architectures."""

_MODULE_OF: Mapping[str, str] = {weight: module for module, weight in _WEIGHTS_OF.items()}

_GGUF_NAME = re.compile(r"blk\.(?P<layer>[0-9]{1,4})\.(?P<weight>\w+)\.weight\.lora_(?P<factor>[ab])")

_TRAIN_PLAINLY = f"Train a plain LoRA adapter, with `target_modules` among {_MODULES}."
_SAVE_AGAIN = "The file may have been cut short: save or fetch the adapter again."
_OTHER_BASE = "Give the GGUF file of the model that the adapter was trained on."


class _Config(BaseModel):
    """What is read of ``adapter_config.json``; PEFT writes many keys that matter to training alone."""

    model_config = ConfigDict(frozen=True, strict=True)

    peft_type: Literal["LORA"]
    r: PositiveInt
    lora_alpha: FiniteFloat
    use_rslora: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What an adapter must fit.

    Attributes
    ----------
    architecture
        A key of ``_PAIRED``.
    layers
        How many.
    shapes
        ``(m, n)`` of the weights of a layer, by their GGUF names.
    paired_heads
        Number of heads in those weights whose rows the file keeps in pairs.

    """

    architecture: str
    layers: int
    shapes: Mapping[str, tuple[int, int]]
    paired_heads: Mapping[str, int]

    def shape(self, weight: str, factor: str, rank: int) -> tuple[int, int]:
        """Shape of the factor A or B of a weight."""
        rows, columns = self.shapes[weight]
        return (rank, columns) if factor in "Aa" else (rows, rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraFactors:
    """An adapter's weights, as PEFT keeps them.

    Attributes
    ----------
    rank
        ``r``.
    alpha
        The factors' product is scaled by ``alpha / r``.
    tensors
        ``A [r, n]`` and ``B [m, r]`` by PEFT's names.

    """

    rank: int
    alpha: float
    tensors: Mapping[str, NDArray[np.float32]]

    @property
    def first_layer(self) -> int:
        """The lowest layer that it changes."""
        return min(int(place["layer"]) for name in self.tensors if (place := _NAME.fullmatch(name)))


def convert_lora(adapter: Path, target: Path, *, base: Path) -> None:
    """Write a PEFT LoRA adapter as a GGUF file, whole or not at all.

    Factors in half precision (F16) stay so; others become F32.

    Parameters
    ----------
    adapter
        PEFT's folder, or the safetensors file in it; ``adapter_config.json`` lies beside that file.
    target
        The GGUF file to write.
    base
        The GGUF file of the model that the adapter was trained on, of any quantisation.

    Raises
    ------
    ModelMissingError
        A file of the adapter or the base model is not there.
    ModelFileError
        A file is damaged, the adapter does not fit the base model or holds more than LoRA factors of linear layers,
        or the target cannot be written.

    """
    weights = adapter / _WEIGHTS if adapter.is_dir() else adapter
    config = _read_config(weights.with_name(_CONFIG))
    model = _read_base(base)
    factors = _converted(_read_tensors(weights), model, rank=config.r)
    # alpha' / r = alpha / sqrt(r)
    alpha = config.lora_alpha * math.sqrt(config.r) if config.use_rslora else config.lora_alpha
    _write(target, factors, architecture=model.architecture, alpha=alpha)


def read_lora(adapter: Path, *, base: Path) -> LoraFactors:
    """Return the factors of a GGUF adapter, as they were before `convert_lora`.

    Raises
    ------
    ModelMissingError
        The adapter or the base model is not there.
    ModelFileError
        A file is damaged, or the adapter does not fit the base model.

    """
    from gguf import GGUFReader, Keys

    if not adapter.is_file():
        raise ModelMissingError(f"the adapter is not at {str(adapter)!r}", hint="Give an adapter's GGUF file.")
    check_gguf(adapter)
    model = _read_base(base)
    reader = GGUFReader(adapter)
    alpha = reader.fields.get(Keys.Adapter.LORA_ALPHA)
    factors: dict[str, NDArray[np.float32]] = {}
    ranks = set()
    for tensor in reader.tensors:
        place = _GGUF_NAME.fullmatch(tensor.name)
        if place is None or place["weight"] not in model.shapes or int(place["layer"]) >= model.layers:
            raise ModelFileError(f"{adapter.name!r} holds {tensor.name!r}, which is not the base's", hint=_OTHER_BASE)
        values = np.array(tensor.data, np.float32)
        rank = values.shape[0 if place["factor"] == "a" else -1]
        if values.shape != model.shape(place["weight"], place["factor"], rank):
            raise ModelFileError(f"{adapter.name!r} does not fit the base model: {tensor.name!r}", hint=_OTHER_BASE)
        ranks.add(rank)
        if place["factor"] == "b" and place["weight"] in model.paired_heads:
            values = _unpaired(values, model.paired_heads[place["weight"]])
        module = f"base_model.model.model.layers.{place['layer']}.{_MODULE_OF[place['weight']]}"
        factors[f"{module}.lora_{place['factor'].upper()}.weight"] = values
    _check_pairs(tensor.name for tensor in reader.tensors)
    if alpha is None or len(ranks) != 1:
        raise ModelFileError(f"{adapter.name!r} is no LoRA adapter of one rank", hint=_TRAIN_PLAINLY)
    return LoraFactors(rank=ranks.pop(), alpha=float(alpha.contents()), tensors=factors)


def _read_config(path: Path) -> _Config:
    try:
        document = json.loads(_content(path))
        config = _Config.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        raise ModelFileError(
            f"{path.name!r} is no configuration of a LoRA adapter: {where}: {first['msg']}",
            hint="Only PEFT's LoRA adapters can be converted.",
        ) from error
    except ValueError as error:
        raise ModelFileError(f"{path.name!r} is not JSON: {error}", hint=_SAVE_AGAIN) from error
    for key, what in _REFUSED.items():
        if document.get(key):
            raise ModelFileError(f"the adapter {what} (`{key}`) and cannot be converted", hint=_TRAIN_PLAINLY)
    if (start := document.get("init_lora_weights", True)) not in _PLAIN_STARTS:
        raise ModelFileError(
            f"the adapter began with `init_lora_weights` {start!r}, which changes the weights of the base model",
            hint="Save it with PEFT's `path_initial_model_for_weight_conversion`, which makes it a plain one.",
        )
    if config.lora_alpha == 0:  # llama.cpp takes this for "not given" and would apply the factors in full
        raise ModelFileError("the adapter has `lora_alpha` 0 and changes nothing", hint="Give it a larger one.")
    return config


def _read_tensors(path: Path) -> dict[str, _Factor]:
    from safetensors import SafetensorError, deserialize

    try:
        entries: list[tuple[str, dict[str, Any]]] = deserialize(_content(path))  # type: ignore[no-untyped-call]  # a bare stub
    except SafetensorError as error:
        raise ModelFileError(f"{path.name!r} is damaged: {error}", hint=_SAVE_AGAIN) from error
    tensors: dict[str, _Factor] = {}
    for name, entry in entries:
        dtype = entry["dtype"]
        if dtype not in _DTYPES:
            raise ModelFileError(
                f"the adapter's tensor {name!r} has the type {dtype!r}", hint=f"Save it as one of {', '.join(_DTYPES)}."
            )
        values = np.frombuffer(entry["data"], _DTYPES[dtype])
        if dtype == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        tensors[name] = values.astype(np.float16 if dtype == "F16" else np.float32).reshape(entry["shape"])
    return tensors


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissingError(
            f"the adapter's {path.name!r} cannot be read: {error}",
            hint=f"Give the folder that PEFT saved, with {_CONFIG!r} and {_WEIGHTS!r} in it.",
        ) from error


def _read_base(path: Path) -> _Base:
    if not path.is_file():
        raise ModelMissingError(f"the base model is not at {str(path)!r}", hint=_OTHER_BASE)
    architecture = check_gguf(path).architecture
    if architecture not in _PAIRED:
        raise ModelFileError(
            f"adapters of {architecture!r} models cannot be converted",
            hint=f"The architectures that can: {', '.join(_PAIRED)}.",
        )
    with path.open("rb") as file:
        file.seek(len(MAGIC) + 4)  # the version, checked above as the rest was
        metadata = Reader(file, path.stat().st_size).header().metadata

    def number(key: str, default: int | None = None) -> int:
        value = metadata.get(f"{architecture}.{key}", default)
        if not isinstance(value, int) or value < 1:
            raise ModelFileError(
                f"the base model {path.name!r} gives no one number as `{architecture}.{key}`", hint=_OTHER_BASE
            )
        return value

    width, inner = number("embedding_length"), number("feed_forward_length")
    heads = number("attention.head_count")
    kv_heads = number("attention.head_count_kv", heads)
    key_size = number("attention.key_length", width // heads)
    value_size = number("attention.value_length", width // heads)
    if key_size % 2:
        raise ModelFileError(f"the base model {path.name!r} has heads of {key_size} rows", hint=_OTHER_BASE)
    return _Base(
        architecture=architecture,
        layers=number("block_count"),
        shapes={
            "attn_q": (heads * key_size, width),
            "attn_k": (kv_heads * key_size, width),
            "attn_v": (kv_heads * value_size, width),
            "attn_output": (width, heads * value_size),
            "ffn_gate": (inner, width),
            "ffn_up": (inner, width),
            "ffn_down": (width, inner),
        },
        paired_heads={"attn_q": heads, "attn_k": kv_heads} if _PAIRED[architecture] else {},
    )


def _converted(tensors: Mapping[str, _Factor], base: _Base, *, rank: int) -> dict[str, _Factor]:
    """Return the factors under their GGUF names and in the base model's order of rows."""
    factors = {}
    for name, tensor in tensors.items():
        place = _NAME.fullmatch(name)
        if place is None:
            raise _foreign(name)
        layer, factor = int(place["layer"]), place["factor"]
        if place["module"] not in _WEIGHTS_OF:
            raise _unsupported(place["module"])
        weight = _WEIGHTS_OF[place["module"]]
        if layer >= base.layers:
            raise ModelFileError(
                f"the adapter changes layer {layer}, and the base model has {base.layers}", hint=_OTHER_BASE
            )
        expected = base.shape(weight, factor, rank)
        if tensor.shape != expected:
            raise ModelFileError(
                f"the adapter's {name!r} has the shape {tensor.shape}; `r` and the base model ask for {expected}",
                hint=_OTHER_BASE,
            )
        if factor == "B" and weight in base.paired_heads:
            tensor = _paired(tensor, base.paired_heads[weight])
        factors[f"blk.{layer}.{weight}.weight.lora_{factor.lower()}"] = tensor
    _check_pairs(factors)
    return factors


def _foreign(name: str) -> ModelFileError:
    embedding = _EMBEDDING.fullmatch(name)
    if embedding is not None:
        return _unsupported(embedding["module"])
    return ModelFileError(f"the adapter holds {name!r}, which is no LoRA factor of a layer", hint=_TRAIN_PLAINLY)


def _unsupported(module: str) -> ModelFileError:
    return ModelFileError(f"the adapter changes {module!r} and cannot be converted", hint=_TRAIN_PLAINLY)


def _paired(tensor: _Factor, heads: int) -> _Factor:
    """Rows of a query or key weight in llama.cpp's order: of a head's halves, the first rows, the second ones, ..."""
    halves = tensor.reshape(heads, 2, -1, tensor.shape[1])  # [heads, 2, m / heads / 2, r]
    return halves.swapaxes(1, 2).reshape(tensor.shape)


def _unpaired(tensor: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of a query or key weight in Hugging Face's order again."""
    pairs = tensor.reshape(heads, -1, 2, tensor.shape[1])  # [heads, m / heads / 2, 2, r]
    return pairs.swapaxes(1, 2).reshape(tensor.shape)


def _check_pairs(names: Iterable[str]) -> None:
    factors = set(names)
    weights = {name[:-1] for name in factors}
    missing = sorted({f"{weight}{factor}" for weight in weights for factor in "ab"} - factors)
    if missing or not factors:
        raise ModelFileError(
            f"the adapter lacks {missing[0]!r}" if missing else "the adapter is empty", hint=_SAVE_AGAIN
        )


def _write(target: Path, factors: Mapping[str, _Factor], *, architecture: str, alpha: float) -> None:
    from gguf import GGUFType, GGUFWriter, Keys

    try:
        with written_whole(target) as partial, closing(GGUFWriter(partial, architecture)) as writer:
            writer.add_type(GGUFType.ADAPTER)
            writer.add_string(Keys.Adapter.TYPE, "lora")
            writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
            for name in sorted(factors):
                writer.add_tensor(name, factors[name])
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
    except OSError as error:
        raise ModelFileError(
            f"the adapter cannot be written to {str(target)!r}: {error}", hint="Choose a folder that can be written to."
        ) from error
