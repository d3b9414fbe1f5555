"""LoRA adapters of PEFT as GGUF: names, shapes and errors, and the same logits as torch."""

from __future__ import annotations

import ctypes
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.errors import ModelError, ModelFileError, ModelMissingError
from octograph.nodes.llama.model import Model, only_warnings, quantize
from octograph.nodes.models import check_gguf, convert_lora, read_lora

RANK, ALPHA = 8, 16
ATTENTION = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
MODULES = (*ATTENTION, "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
TEXT = (
    "The lighthouse keeper wrote 17 letters to the mainland, and in each of them she asked for lamp oil, white bread "
    "and any news of her brother."
)

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of a small model; the heads are not as wide as the embedding divided by their number."""

    layers: int = 2
    width: int = 48
    inner: int = 80
    heads: int = 6
    kv_heads: int = 2
    head: int = 16

    def of(self, module: str) -> tuple[int, int]:
        return {
            "self_attn.q_proj": (self.heads * self.head, self.width),
            "self_attn.k_proj": (self.kv_heads * self.head, self.width),
            "self_attn.v_proj": (self.kv_heads * self.head, self.width),
            "self_attn.o_proj": (self.width, self.heads * self.head),
            "mlp.gate_proj": (self.inner, self.width),
            "mlp.up_proj": (self.inner, self.width),
            "mlp.down_proj": (self.width, self.inner),
        }[module]


SMALL = Shape()
SMOLLM2 = Shape(layers=30, width=576, inner=1536, heads=9, kv_heads=3, head=64)


def write_base(
    path: Path,
    tensors: Tensors,
    *,
    architecture: str = "llama",
    shape: Shape = SMALL,
    numbers: Mapping[str, int] = MappingProxyType({}),
) -> Path:
    """Write a base model without a vocabulary; `numbers` go before those of `shape` in its header."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, architecture)
    of_shape = {
        "block_count": shape.layers,
        "context_length": 256,
        "embedding_length": shape.width,
        "feed_forward_length": shape.inner,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head,
        "attention.value_length": shape.head,
        "rope.dimension_count": shape.head,
        "vocab_size": 64,
    }
    for key, number in (of_shape | dict(numbers)).items():
        writer.add_uint32(f"{architecture}.{key}", number)
    writer.add_rope_freq_base(1e4)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("no_vocab")
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def random_factors(shape: Shape, modules: Sequence[str] = MODULES, *, strength: float = 1.0) -> dict[str, Any]:
    """Return factors under PEFT's names; an entry of ``B A`` is about `strength` / sqrt(n)."""
    random = np.random.default_rng(7)
    tensors = {}
    for layer in range(shape.layers):
        for module in modules:
            rows, columns = shape.of(module)
            name = f"base_model.model.model.layers.{layer}.{module}"
            a = random.standard_normal((RANK, columns)) / math.sqrt(columns)
            b = random.standard_normal((rows, RANK)) * strength / math.sqrt(RANK)
            tensors[f"{name}.lora_A.weight"] = a.astype(np.float32)
            tensors[f"{name}.lora_B.weight"] = b.astype(np.float32)
    return tensors


def rounded(tensors: Tensors, dtype: str) -> dict[str, NDArray[np.float32]]:
    """Return what is left of float32 values in a narrower type (bfloat16 by cutting off)."""
    if dtype == "F16":
        return {name: tensor.astype(np.float16).astype(np.float32) for name, tensor in tensors.items()}
    mask = np.uint32(0xFFFF0000 if dtype == "BF16" else 0xFFFFFFFF)
    return {name: (tensor.view(np.uint32) & mask).view(np.float32) for name, tensor in tensors.items()}


def write_adapter(
    folder: Path, tensors: Tensors, *, dtype: str = "F32", config: Mapping[str, object] = MappingProxyType({})
) -> Path:
    """Write an adapter in PEFT's format; the values must be representable in `dtype`."""
    from safetensors import TensorSpec, serialize_file

    stored = {
        name: (np.ascontiguousarray(tensor).view(np.uint32) >> 16).astype(np.uint16)
        if dtype == "BF16"
        else tensor.astype({"F32": np.float32, "F16": np.float16, "F64": np.float64}[dtype])
        for name, tensor in tensors.items()
    }
    name_of = {"F32": "float32", "F16": "float16", "F64": "float64", "BF16": "bfloat16"}[dtype]
    specs = {
        name: TensorSpec(dtype=name_of, shape=tensor.shape, data_ptr=tensor.ctypes.data, data_len=tensor.nbytes)
        for name, tensor in stored.items()
    }
    folder.mkdir(exist_ok=True)
    serialize_file(specs, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    document = {
        "peft_type": "LORA",
        "r": RANK,
        "lora_alpha": ALPHA,
        "use_rslora": False,
        "use_dora": False,
        "bias": "none",
        "init_lora_weights": True,
        "modules_to_save": None,
        "rank_pattern": {},
        "alpha_pattern": {},
        "target_modules": [module.rpartition(".")[2] for module in MODULES],
        "task_type": "CAUSAL_LM",
    }
    (folder / "adapter_config.json").write_text(json.dumps(document | dict(config)))
    return folder


def converted(path: Path, *, kind: str = "F32") -> tuple[dict[str, NDArray[np.float32]], dict[str, object]]:
    """Return tensors ``[rows, columns]`` and scalar entries of a GGUF file, by the reader of the gguf package."""
    from gguf import GGUFReader

    reader = GGUFReader(path)
    assert {tensor.tensor_type.name for tensor in reader.tensors} == {kind}
    return (
        {tensor.name: np.array(tensor.data) for tensor in reader.tensors},
        {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")},
    )


@pytest.fixture(scope="session")
def small_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "base.gguf"
    return write_base(path, {"output_norm.weight": np.ones(SMALL.width, np.float32)})


# What is written


def test_each_factor_has_its_name_and_values_and_the_file_says_what_it_is(small_base: Path, tmp_path: Path) -> None:
    factors = random_factors(SMALL)
    target = tmp_path / "new folder" / "adapter.gguf"
    convert_lora(write_adapter(tmp_path / "peft", factors), target, base=small_base)
    tensors, entries = converted(target)
    assert entries == {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": 16.0,
    }
    named = {
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    both = named | {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj"}
    places = [(layer, weight) for layer in range(SMALL.layers) for weight in both]
    assert set(tensors) == {f"blk.{layer}.{weight}.weight.lora_{f}" for layer, weight in places for f in "ab"}
    for layer, weight in places:
        name, written = f"base_model.model.model.layers.{layer}.{both[weight]}", f"blk.{layer}.{weight}.weight"
        assert np.array_equal(tensors[f"{written}.lora_a"], factors[f"{name}.lora_A.weight"])
        if weight in named:
            assert np.array_equal(tensors[f"{written}.lora_b"], factors[f"{name}.lora_B.weight"])
    assert check_gguf(target).architecture == "llama"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(("module", "heads"), [("q", SMALL.heads), ("k", SMALL.kv_heads)])
def test_rows_of_queries_and_keys_alternate_between_the_halves_of_a_head(
    module: str, heads: int, small_base: Path, tmp_path: Path
) -> None:
    factors = random_factors(SMALL)
    convert_lora(write_adapter(tmp_path / "peft", factors), tmp_path / "adapter.gguf", base=small_base)
    given = factors[f"base_model.model.model.layers.1.self_attn.{module}_proj.lora_B.weight"]
    expected = np.empty_like(given)
    for head in range(heads):
        for index in range(SMALL.head // 2):
            for half in range(2):
                row = head * SMALL.head
                expected[row + 2 * index + half] = given[row + half * SMALL.head // 2 + index]
    assert np.array_equal(converted(tmp_path / "adapter.gguf")[0][f"blk.1.attn_{module}.weight.lora_b"], expected)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_narrow_types_keep_their_values(dtype: str, small_base: Path, tmp_path: Path) -> None:
    factors = rounded(random_factors(SMALL), dtype)
    convert_lora(write_adapter(tmp_path / "peft", factors, dtype=dtype), tmp_path / "adapter.gguf", base=small_base)
    # Half precision stays half precision; llama.cpp knows no factors in bfloat16 on every machine.
    tensors, _ = converted(tmp_path / "adapter.gguf", kind="F16" if dtype == "F16" else "F32")
    for factor in "ab":
        given = factors[f"base_model.model.model.layers.0.mlp.up_proj.lora_{factor.upper()}.weight"]
        assert np.array_equal(tensors[f"blk.0.ffn_up.weight.lora_{factor}"], given)


@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_factors_are_read_back_as_they_were(dtype: str, small_base: Path, tmp_path: Path) -> None:
    factors = rounded(random_factors(SMALL), dtype)
    convert_lora(write_adapter(tmp_path / "peft", factors, dtype=dtype), tmp_path / "adapter.gguf", base=small_base)
    found = read_lora(tmp_path / "adapter.gguf", base=small_base)
    assert (found.rank, found.alpha) == (RANK, ALPHA)
    assert found.tensors.keys() == factors.keys()
    for name, values in factors.items():
        np.testing.assert_array_equal(found.tensors[name], values)


def test_only_an_adapter_of_the_base_is_read(small_base: Path, tmp_path: Path) -> None:
    convert_lora(write_adapter(tmp_path / "peft", random_factors(SMALL)), tmp_path / "adapter.gguf", base=small_base)
    other = write_base(tmp_path / "other.gguf", {"output_norm.weight": np.ones(32, np.float32)}, shape=Shape(width=32))
    with pytest.raises(ModelFileError, match="does not fit the base model"):
        read_lora(tmp_path / "adapter.gguf", base=other)
    with pytest.raises(ModelFileError, match="which is not the base's"):
        read_lora(small_base, base=small_base)
    with pytest.raises(ModelMissingError, match="not at"):
        read_lora(tmp_path / "nowhere.gguf", base=small_base)


def test_the_scale_of_a_rank_stabilised_adapter_goes_into_alpha(small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL), config={"use_rslora": True, "lora_alpha": 4.5})
    convert_lora(adapter, tmp_path / "adapter.gguf", base=small_base)
    alpha = converted(tmp_path / "adapter.gguf")[1]["adapter.lora.alpha"]
    assert isinstance(alpha, float)
    assert alpha / RANK == pytest.approx(4.5 / math.sqrt(RANK))


def test_the_file_itself_and_a_model_without_its_head_will_do(small_base: Path, tmp_path: Path) -> None:
    factors = random_factors(SMALL, MODULES[:1])
    headless = {name.replace("model.model.model.", "model.model."): tensor for name, tensor in factors.items()}
    convert_lora(write_adapter(tmp_path / "a", factors), tmp_path / "a.gguf", base=small_base)
    adapter = write_adapter(tmp_path / "b", headless) / "adapter_model.safetensors"
    convert_lora(adapter, tmp_path / "b.gguf", base=small_base)
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


# What is refused


def refusal(adapter: Path, base: Path, target: Path, kind: type[ModelError] = ModelFileError) -> str:
    """Return the message of the error; what stood at the target must stand there still, with nothing beside it."""
    target.parent.mkdir()
    target.write_text("old")
    with pytest.raises(kind) as caught:
        convert_lora(adapter, target, base=base)
    assert caught.value.hint
    assert [(path, path.read_text()) for path in target.parent.iterdir()] == [(target, "old")]
    return caught.value.message


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"peft_type": "LOHA"}, "is no configuration of a LoRA adapter: peft_type: "),
        ({"r": 0}, "is no configuration of a LoRA adapter: r: "),
        ({"lora_alpha": "16"}, "is no configuration of a LoRA adapter: lora_alpha: "),
        ({"lora_alpha": math.nan}, "is no configuration of a LoRA adapter: lora_alpha: "),
        ({"lora_alpha": 0}, "has `lora_alpha` 0 and changes nothing"),
        ({"use_dora": True}, "is a DoRA adapter"),
        ({"modules_to_save": ["lm_head"]}, "replaces whole modules"),
        ({"rank_pattern": {"q_proj": 4}}, "has several ranks"),
        ({"alpha_pattern": {"q_proj": 4}}, "has several alphas"),
        ({"lora_bias": True}, "has biases"),
        ({"init_lora_weights": "pissa_niter_16"}, "began with `init_lora_weights` 'pissa_niter_16'"),
        ({"r": 4}, "; `r` and the base model ask for ("),
    ],
)
def test_other_kinds_of_adapters_are_refused(
    config: dict[str, object], said: str, small_base: Path, tmp_path: Path
) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL), config=config)
    assert said in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")


LAYER = "base_model.model.model.layers.0"
TOP = "base_model.model"


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        (
            f"{LAYER}.self_attn.q_proj.lora_A.weight",
            (8, 40),
            "has the shape (8, 40); `r` and the base model ask for (8, 48)",
        ),
        (
            f"{LAYER}.self_attn.k_proj.lora_B.weight",
            (96, 8),
            "has the shape (96, 8); `r` and the base model ask for (32, 8)",
        ),
        (f"{LAYER}.mlp.down_proj.lora_A.weight", (8,), "has the shape (8,); `r` and the base model ask for (8, 80)"),
        (f"{TOP}.model.layers.2.mlp.up_proj.lora_A.weight", (8, 48), "layer 2, and the base model has 2"),
        (f"{TOP}.model.layers.{'9' * 5000}.mlp.up_proj.lora_A.weight", (8, 48), "which is no LoRA factor of a layer"),
        (f"{LAYER}.self_attn.qkv_proj.lora_A.weight", (8, 48), "changes 'self_attn.qkv_proj'"),
        (f"{LAYER}.input_layernorm.lora_A.weight", (8, 48), "changes 'input_layernorm'"),
        (f"{TOP}.model.embed_tokens.lora_embedding_A", (8, 64), "changes 'embed_tokens'"),
        (f"{TOP}.lm_head.lora_A.weight", (8, 48), "changes 'lm_head'"),
        (f"{LAYER}.self_attn.q_proj.lora_magnitude_vector", (96,), "which is no LoRA factor of a layer"),
        (f"{LAYER}.self_attn.q_proj.lora_B.bias", (96,), "which is no LoRA factor of a layer"),
        ("model.layers.0.self_attn.q_proj.weight", (96, 48), "which is no LoRA factor of a layer"),
    ],
)
def test_what_does_not_fit_the_base_is_refused(
    name: str, shape: tuple[int, ...], said: str, small_base: Path, tmp_path: Path
) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL) | {name: np.ones(shape, np.float32)})
    assert said in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")


def test_factors_come_in_pairs(small_base: Path, tmp_path: Path) -> None:
    factors = random_factors(SMALL)
    del factors[f"{LAYER}.mlp.up_proj.lora_B.weight"]
    adapter = write_adapter(tmp_path / "peft", factors)
    assert "lacks 'blk.0.ffn_up.weight.lora_b'" in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")
    write_adapter(adapter, {})
    assert "is empty" in refusal(adapter, small_base, tmp_path / "again" / "adapter.gguf")


def test_other_types_are_refused(small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL), dtype="F64")
    assert "has the type 'F64'" in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")


@pytest.mark.parametrize("left", [0, 4, 100, -1])
def test_truncated_files_are_refused(left: int, small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL))
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:left])
    assert "'adapter_model.safetensors' is damaged" in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "is not JSON"), (b"\xff", "is not JSON"), (b"[]", "is no configuration of a LoRA adapter: all of it: ")],
)
def test_damaged_configurations_are_refused(content: bytes, said: str, small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL))
    (adapter / "adapter_config.json").write_bytes(content)
    assert said in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf")


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_missing_files_are_named(name: str, small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL))
    (adapter / name).unlink()
    assert name in refusal(adapter, small_base, tmp_path / "out" / "adapter.gguf", ModelMissingError)


def test_base_models_that_tell_too_little_are_refused(small_base: Path, tmp_path: Path) -> None:
    adapter, target = write_adapter(tmp_path / "peft", random_factors(SMALL)), tmp_path / "out" / "adapter.gguf"
    norm = {"output_norm.weight": np.ones(SMALL.width, np.float32)}

    def said(base: Path, kind: type[ModelError] = ModelFileError) -> str:
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            target.parent.rmdir()
        return refusal(adapter, base, target, kind)

    assert "is not at" in said(tmp_path / "nowhere.gguf", ModelMissingError)
    assert "is not a GGUF file" in said(adapter / "adapter_model.safetensors")
    phi = write_base(tmp_path / "phi.gguf", norm, architecture="phi3")
    assert "adapters of 'phi3' models cannot be converted" in said(phi)
    zero = write_base(tmp_path / "zero.gguf", norm, numbers={"attention.head_count": 0})
    assert "no one number as `llama.attention.head_count`" in said(zero)
    odd = write_base(tmp_path / "odd.gguf", norm, numbers={"attention.key_length": 15})
    assert "has heads of 15 rows" in said(odd)


def test_a_target_that_cannot_be_written_is_said(small_base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "peft", random_factors(SMALL))
    (tmp_path / "file").touch()
    with pytest.raises(ModelFileError, match="cannot be written"):
        convert_lora(adapter, tmp_path / "file" / "adapter.gguf", base=small_base)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelFileError, match="cannot be written"):
        convert_lora(adapter, tmp_path / "folder", base=small_base)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder", "peft"}


# The same logits as torch


def llama_logits(model: Model, tokens: Sequence[int], adapter: Path | None = None) -> NDArray[np.float32]:
    """Logits ``[tokens, V]`` of llama.cpp, in float32 as far as its weights allow."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = 64
    params.n_threads = params.n_threads_batch = 1
    params.type_k = params.type_v = llama_cpp.GGML_TYPE_F32
    params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = llama_cpp.llama_init_from_model(model.pointer, params)
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    loaded = llama_cpp.llama_adapter_lora_init(model.pointer, str(adapter).encode()) if adapter else None
    try:
        if adapter:
            assert loaded, "llama.cpp refuses the adapter"
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(loaded)
            assert llama_cpp.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index], batch.pos[index], batch.logits[index] = token, index, 1
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
        assert llama_cpp.llama_decode(context, batch) == 0
        shape = (len(tokens), model.vocabulary_size)
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits(context), shape=shape).copy()
    finally:
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(context)
        if loaded:
            llama_cpp.llama_adapter_lora_free(loaded)


@contextmanager
def applied(network: Any, factors: Tensors, scale: float) -> Iterator[None]:
    """Add ``scale B A`` to the weights of a torch model for a while."""
    import torch

    kept = {}
    with torch.no_grad():
        for name in factors:
            if name.endswith("lora_A.weight"):
                prefix = name.removesuffix("lora_A.weight")
                weight = network.get_submodule(prefix.removeprefix("base_model.model.").rstrip(".")).weight
                kept[weight] = weight.clone()
                a, b = (torch.from_numpy(factors[f"{prefix}lora_{factor}.weight"]) for factor in "AB")
                weight += scale * (b @ a)
        try:
            yield
        finally:
            for weight, before in kept.items():
                weight.copy_(before)


def torch_logits(network: Any, tokens: Sequence[int]) -> NDArray[np.float32]:
    import torch

    with torch.no_grad():
        logits: NDArray[np.float32] = network(torch.tensor([tokens])).logits[0].numpy()
    return logits


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the least correlation of the logits at a position."""
    return min(float(np.corrcoef(x, y)[0, 1]) for x, y in zip(a, b, strict=True))


def torch_network(architecture: str, shape: Shape, **other: object) -> Any:
    """Return a torch model with random weights; `architecture` is spelled as transformers spells it."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.set_num_threads(1)  # its waiting threads and llama.cpp's would starve each other where cores are few
    config = getattr(transformers, f"{architecture}Config")(
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head,
        **other,
    )
    return getattr(transformers, f"{architecture}ForCausalLM")(config)


def gguf_names(network: Any, architecture: str, layers: int) -> dict[str, Any]:
    """Return the parameters of a torch model by their GGUF names."""
    from gguf import MODEL_ARCH, TensorNameMap

    names = TensorNameMap(MODEL_ARCH[architecture.upper()], layers)
    return {names.get_name(name, (".weight", ".bias")): value for name, value in network.named_parameters()}


@pytest.fixture(scope="module")
def smollm2(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("smollm2") / "smollm2.F16.gguf"
    only_warnings()
    quantize(bundled, path, "F16", threads=2)
    return path


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Iterator[Model]:
    model = Model(smollm2)
    yield model
    model.close()


@pytest.fixture(scope="module")
def network(smollm2: Path) -> Any:
    """The same weights in torch."""
    torch = pytest.importorskip("torch")
    from gguf import GGUFReader
    from gguf.quants import dequantize

    rope = {"rope_type": "default", "rope_theta": 1e5}
    vocabulary = {"vocab_size": 49152, "tie_word_embeddings": True}
    network = torch_network("Llama", SMOLLM2, rope_parameters=rope, rms_norm_eps=1e-5, **vocabulary)
    parameters = gguf_names(network, "llama", SMOLLM2.layers)
    tensors = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in GGUFReader(smollm2).tensors}
    assert set(tensors) == set(parameters)
    with torch.no_grad():
        for name, parameter in parameters.items():
            values = tensors[name]
            if name.endswith(("attn_q.weight", "attn_k.weight")):  # from pairs to halves
                pairs = values.reshape(-1, SMOLLM2.head // 2, 2, SMOLLM2.width)
                values = pairs.swapaxes(1, 2).reshape(values.shape)
            parameter.copy_(torch.tensor(values))
    return network


def test_the_real_model_is_the_same_in_torch(model: Model, network: Any) -> None:
    tokens = model.tokenize(TEXT)
    assert correlation(llama_logits(model, tokens), torch_logits(network, tokens)) > 0.9999


@pytest.mark.parametrize(
    ("modules", "strength", "dtype", "rslora"),
    [
        (MODULES, 0.1, "F32", False),
        (ATTENTION[:2], 1.0, "F32", False),  # queries and keys alone: their order of rows decides
        (MODULES, 0.1, "BF16", True),
    ],
)
def test_the_real_model_with_an_adapter_gives_the_logits_of_torch(
    modules: Sequence[str],
    strength: float,
    dtype: str,
    rslora: bool,
    smollm2: Path,
    model: Model,
    network: Any,
    tmp_path: Path,
) -> None:
    tokens = model.tokenize(TEXT)
    factors = rounded(random_factors(SMOLLM2, modules, strength=strength), dtype)
    adapter = write_adapter(tmp_path / "peft", factors, dtype=dtype, config={"use_rslora": rslora})
    convert_lora(adapter, tmp_path / "adapter.gguf", base=smollm2)
    with applied(network, factors, ALPHA / (math.sqrt(RANK) if rslora else RANK)):
        expected = torch_logits(network, tokens)
    found, without = llama_logits(model, tokens, tmp_path / "adapter.gguf"), llama_logits(model, tokens)
    assert correlation(found, expected) > 0.999
    assert np.abs(found - expected).max() < 0.25  # of logits between about -20 and 20, with weights in F16
    assert correlation(found, without) < 0.99


def test_an_adapter_as_it_starts_its_training_changes_nothing(smollm2: Path, model: Model, tmp_path: Path) -> None:
    factors = random_factors(SMOLLM2, strength=0.0)  # B = 0
    convert_lora(write_adapter(tmp_path / "peft", factors), tmp_path / "adapter.gguf", base=smollm2)
    tokens = model.tokenize(TEXT)
    assert np.array_equal(llama_logits(model, tokens, tmp_path / "adapter.gguf"), llama_logits(model, tokens))


@pytest.mark.parametrize("architecture", ["Qwen2", "Qwen3"])
def test_small_models_of_other_architectures_give_the_logits_of_torch(architecture: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    only_warnings()
    # Qwen2's heads share the width; Qwen3's have a width of their own.
    shape = SMALL if architecture == "Qwen3" else Shape(heads=6, kv_heads=2, head=8)
    network = torch_network(architecture, shape, vocab_size=64)
    torch.manual_seed(7)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    weights = {name: value.detach().numpy() for name, value in gguf_names(network, architecture, shape.layers).items()}
    base = write_base(tmp_path / "base.gguf", weights, architecture=architecture.lower(), shape=shape)
    factors = random_factors(shape)
    convert_lora(write_adapter(tmp_path / "peft", factors), tmp_path / "adapter.gguf", base=base)
    model, tokens = Model(base), [(7 * index) % 64 for index in range(30)]
    try:
        found, without = llama_logits(model, tokens, tmp_path / "adapter.gguf"), llama_logits(model, tokens)
    finally:
        model.close()
    with applied(network, factors, ALPHA / RANK):
        expected = torch_logits(network, tokens)
    assert correlation(found, expected) > 0.9999
    assert np.abs(found - expected).max() < 1e-4
    assert correlation(found, without) < 0.99
