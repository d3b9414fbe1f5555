"""GGUF models from the model hub, through huggingface_hub with its cache and offline rules.

A reference is ``user/repo:WHAT``, where ``WHAT`` is a file name or a quantisation such as ``Q4_K_M``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from octograph.errors import ModelMissingError, OctographError, UsageError

__all__ = ["Hub"]


class Hub:
    """Finds and fetches hub models.

    Parameters
    ----------
    endpoint
        Address of the hub; None takes huggingface_hub's own (``HF_ENDPOINT``).
    cache
        Folder of the cache; None takes huggingface_hub's own (``HF_HOME``).

    """

    def __init__(self, *, endpoint: str | None = None, cache: Path | None = None) -> None:
        self._endpoint = endpoint
        self._cache = cache

    def cached(self, reference: str) -> Path | None:
        """Path of a model's file if it was pulled before; no network."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        repo, what = _split(reference)
        try:
            folder = Path(snapshot_download(repo, cache_dir=self._cache, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            return None
        # A file of the cache is a link, and what it leads to may be gone.
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.gguf") if path.is_file()]
        name = _choose(names, what)
        return folder / name if name is not None else None

    def pull(self, reference: str) -> Path:
        """Fetch a model's file into the cache, with a progress bar on stderr; a broken download goes on.

        Raises
        ------
        ModelMissingError
            The hub cannot be reached, or has no such repository or file.

        """
        from huggingface_hub import HfApi, hf_hub_download

        repo, what = _split(reference)
        try:
            names = HfApi(endpoint=self._endpoint).list_repo_files(repo)
            name = _choose(names, what)
            if name is None:
                offered = ", ".join(sorted(n for n in names if n.endswith(".gguf"))) or "no GGUF file at all"
                raise ModelMissingError(f"{repo!r} has no file for {what!r}", hint=f"It has: {offered}.")
            return Path(hf_hub_download(repo, name, cache_dir=self._cache, endpoint=self._endpoint))
        except OctographError:
            raise
        except Exception as error:  # the errors of its HTTP client come through, and it has changed clients before
            raise ModelMissingError(
                f"{reference!r} could not be fetched: {error}",
                hint="Check the name and the connection; a private model needs `HF_TOKEN`.",
            ) from error


def _split(reference: str) -> tuple[str, str]:
    repo, _, what = reference.partition(":")
    if repo.count("/") != 1 or not what:
        raise UsageError(
            f"{reference!r} is no hub reference", hint="Write it as `hf:user/repo:Q4_K_M` or with a file name."
        )
    return repo, what


def _choose(names: Iterable[str], what: str) -> str | None:
    """Return the one GGUF file that `what` means: that name, or the shortest that ends in the quantisation."""
    files = sorted((name for name in names if name.endswith(".gguf")), key=lambda name: (len(name), name))
    wanted = what.lower()
    for name in files:
        if name.lower() in (wanted, f"{wanted}.gguf"):
            return name
    for name in files:
        if name.lower().removesuffix(".gguf").replace("-", ".").split(".")[-1] == wanted.replace("-", "."):
            return name
    return None
