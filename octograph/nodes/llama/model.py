"""One set of weights in memory, and its vocabulary, over llama.cpp's C interface.

Only the host process imports this module.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import llama_cpp

from octograph.errors import ModelFileError
from octograph.nodes.whole_file import written_whole

__all__ = ["Model", "only_warnings", "quantize"]

_WARN, _ERROR = 3, 4

FTYPES = {
    "F16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}
_MIN_PIECE = 32


def _tell(level: int, text: bytes, _data: object) -> None:
    if _WARN <= level <= _ERROR:
        sys.stderr.write(text.decode("utf-8", errors="replace"))


# Kept for good: llama.cpp holds the pointer.
_LOG = llama_cpp.llama_log_callback(_tell)


def only_warnings() -> None:
    """Have llama.cpp tell warnings and errors on stderr, and not its life story."""
    llama_cpp.llama_log_set(_LOG, ctypes.c_void_p(0))


class Model:
    """The weights of one GGUF file; several contexts may share it.

    Parameters
    ----------
    path
        A GGUF file that was checked before.
    progress
        Called with the share loaded so far, from 0 to 1.

    Raises
    ------
    ModelFileError
        llama.cpp refuses the file.

    """

    def __init__(self, path: Path, *, progress: Callable[[float], None] | None = None) -> None:
        params = llama_cpp.llama_model_default_params()
        # Kept on self: ctypes callbacks die with their last Python reference.
        self._progress = llama_cpp.llama_progress_callback(
            lambda share, _data: (progress(share) if progress else None, True)[1]
        )
        params.progress_callback = self._progress
        pointer = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not pointer:
            raise ModelFileError(
                f"llama.cpp cannot load {path.name!r}",
                hint="The architecture may be newer than this llama.cpp, or memory is short; run `octograph doctor`.",
            )
        self.pointer = pointer
        self.vocab = llama_cpp.llama_model_get_vocab(pointer)
        self.embedding_size: int = llama_cpp.llama_model_n_embd(pointer)
        self.layers: int = llama_cpp.llama_model_n_layer(pointer)
        self.vocabulary_size: int = llama_cpp.llama_vocab_n_tokens(self.vocab)
        self.trained_context: int = llama_cpp.llama_model_n_ctx_train(pointer)
        self.size_bytes: int = llama_cpp.llama_model_size(pointer)
        self.adds_bos: bool = llama_cpp.llama_vocab_get_add_bos(self.vocab)
        self._pieces: dict[int, bytes] = {}

    def tokenize(self, text: str, *, special: bool = False, bos: bool = False) -> list[int]:
        """Token ids of a text.

        ``special`` lets control tokens such as ``<|im_end|>`` in the text count as such; it is for templates
        and never for what users, documents or models wrote.
        """
        data = text.encode("utf-8", errors="replace")
        size = len(data) + 2
        tokens = (llama_cpp.llama_token * size)()
        count = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, size, bos, special)
        if count < 0:
            tokens = (llama_cpp.llama_token * -count)()
            count = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, -count, bos, special)
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Bytes that a token stands for: empty for control tokens; may be part of a UTF-8 character."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._read_piece(token, _MIN_PIECE)
        return known

    def _read_piece(self, token: int, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        count: int = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
        return self._read_piece(token, -count) if count < 0 else buffer.raw[:count]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Text of a sequence of tokens."""
        return b"".join(map(self.piece, tokens)).decode("utf-8", errors="replace")

    def ends_generation(self, token: int) -> bool:
        """Whether a token closes a turn or a text (end of generation)."""
        return bool(llama_cpp.llama_vocab_is_eog(self.vocab, token))

    def token_text(self, token: int) -> str:
        """Spelling of a token, control tokens included (for chat templates)."""
        text = llama_cpp.llama_vocab_get_text(self.vocab, token) if token >= 0 else b""
        return (text or b"").decode("utf-8", errors="replace")

    @property
    def bos(self) -> str:
        """Spelling of the token that begins a text, empty if there is none."""
        return self.token_text(llama_cpp.llama_vocab_bos(self.vocab))

    @property
    def eos(self) -> str:
        """Spelling of the token that ends a text, empty if there is none."""
        return self.token_text(llama_cpp.llama_vocab_eos(self.vocab))

    @property
    def chat_template(self) -> str | None:
        """The Jinja chat template stored in the file; untrusted text."""
        template = llama_cpp.llama_model_chat_template(self.pointer, None)
        return template.decode("utf-8", errors="replace") if template else None

    def close(self) -> None:
        """Free the weights; every context over them must be closed before."""
        if self.pointer:
            llama_cpp.llama_model_free(self.pointer)
            self.pointer = None


def quantize(source: Path, target: Path, kind: str, *, threads: int) -> None:
    """Write `source` requantised as `kind` (a key of ``FTYPES``) to `target`, whole or not at all."""
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = FTYPES[kind]
    params.allow_requantize = True
    params.nthread = threads
    with written_whole(target) as partial:
        status = llama_cpp.llama_model_quantize(str(source).encode(), str(partial).encode(), ctypes.byref(params))
        if status != 0:
            raise ModelFileError(
                f"llama.cpp cannot requantise {source.name!r} to {kind}",
                hint="Set `requantise = false` in the configuration to use the file as it is.",
            )
