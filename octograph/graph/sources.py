"""Where a model comes from, as a graph file spells it, and how large it says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from octograph.graph.problems import Problem, shown

__all__ = ["SCHEMES", "bytes_of", "file_source_problem", "size_problem", "source_problems"]

SCHEMES: Final = ("package", "path", "hf", "openai")

_PACKAGE = re.compile(r"[A-Za-z0-9_.-]+/[^/\\].*")
_HUGGING_FACE = re.compile(r"[^\s/:]+/[^\s/:]+([/:]\S+)?")
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(B|kB|MB|GB|KiB|MiB|GiB)")
_UNITS: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def bytes_of(size: str) -> int | None:
    """Return the bytes of a size such as ``4.7 GB``, None if it is no size.

    Examples
    --------
    >>> bytes_of("4.7 GB"), bytes_of("56 KiB"), bytes_of("large")
    (4700000000, 57344, None)

    """
    found = _SIZE.fullmatch(size)
    return round(float(found[1]) * _UNITS[found[2]]) if found is not None else None


def size_problem(key: str, size: str | None) -> Problem | None:
    """Return what is wrong with a size, if anything."""
    if size is None or bytes_of(size):
        return None
    return Problem(key=key, message=f"{shown(size)} is no size", mend="Write it as '4.7 GB', '820 MB' or '56 KiB'.")


def source_problems(source: str) -> Iterator[Problem]:
    """Yield what is wrong with a source."""
    scheme, _, rest = source.partition(":")
    if scheme not in SCHEMES or not source.isprintable():
        yield Problem(
            key="source",
            message=f"{shown(source)} has no scheme that Octograph knows",
            mend="Write 'package:NAME/FILE', 'path:FILE', 'hf:USER/REPO:QUANT' or 'openai:URL#MODEL'.",
        )
        return
    mend = ""
    if scheme == "package" and not (_PACKAGE.fullmatch(rest) and ".." not in re.split(r"[/\\]", rest)):
        mend = "Write 'package:NAME/FILE', a file inside that Python package."
    elif scheme == "path" and not rest.strip():
        mend = "Write 'path:FILE', relative to the graph file."
    elif scheme == "hf" and not _HUGGING_FACE.fullmatch(rest):
        mend = "Write 'hf:USER/REPO:QUANT', such as 'hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M'."
    elif scheme == "openai":
        mend = _server_mend(rest)
    if mend:
        yield Problem(key="source", message=f"{shown(_without_secret(source))} is no {scheme!r} source", mend=mend)


def file_source_problem(key: str, source: str) -> Problem | None:
    """Return what is wrong with the source of a file that comes with a graph or a package, if anything."""
    problem = next(source_problems(source), None)
    if problem is None and source.partition(":")[0] in ("package", "path"):
        return None
    mend = "Write 'path:FILE', relative to the graph file, or 'package:NAME/FILE'."
    return Problem(key=key, message=f"{shown(_without_secret(source))} is no source of a file", mend=mend)


def _server_mend(address: str) -> str:
    """What to do about the address of a server, empty if it is right."""
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        names_model, has_secret = bool(parts.fragment.strip()), parts.username is not None
    except ValueError:  # an unfinished IPv6 address, a port that is no number
        is_address = names_model = has_secret = False
    if not is_address or not names_model:
        return "Write 'openai:URL#MODEL', such as 'openai:http://127.0.0.1:8080/v1#name'."
    if has_secret:
        return "Remove the user and password: a graph file holds no secrets. `api_keys` in the settings is for those."
    return ""


def _without_secret(source: str) -> str:
    return re.sub(r"//[^/#?]*@", "//...@", source)
