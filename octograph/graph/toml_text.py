"""The text of a TOML file and what it parses to, with errors that say where."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from octograph.graph.problems import Problem, ProblemsError

__all__ = ["parse_toml", "read_text"]

_LARGEST_FILE: Final = 64 * 1024 * 1024
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    GraphError
        The file is missing, not a file, far too large, not readable or not UTF-8.

    """
    try:
        if path.is_dir():
            raise _file_error(path, "is a folder", "Give the TOML file in it.")
        if path.exists() and not path.is_file():
            raise _file_error(path, "is not an ordinary file", "Give a TOML file.")
        if path.is_file() and path.stat().st_size > _LARGEST_FILE:
            raise _file_error(path, "is larger than 64 MiB", "Check that this is a graph file.")
        # A byte order mark, which some editors write, is no part of the text.
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise _file_error(path, "there is no such file", "Check the path.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _file_error(path, f"line {line} is not UTF-8", "Save the file as UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise _file_error(path, f"cannot be read: {error}", "Check the path and its permissions.") from error


def parse_toml(text: str, file: str) -> dict[str, Any]:
    r"""Return what a TOML text says.

    Parameters
    ----------
    text
        The text.
    file
        What to call it in messages.

    Raises
    ------
    GraphError
        It is not TOML; the message names the file, the line and the column.

    Examples
    --------
    >>> parse_toml("[graph]\nname = 'small'", "small.toml")
    {'graph': {'name': 'small'}}

    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _syntax_error(file, "", "is nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _POSITION.search(message)
        if found is None:
            raise _syntax_error(file, "", message) from error
        last = text.rsplit("\n", 1)[-1]
        line, column = found[1] or text.count("\n") + 1, found[2] or len(last) + 1
        raise _syntax_error(file, f"line {line}, column {column}", message[: found.start()]) from error
    except ValueError as error:
        # Python refuses to convert thousands of digits.
        raise _syntax_error(file, "", "has a number with too many digits") from error


def _file_error(path: Path, message: str, mend: str) -> ProblemsError:
    return ProblemsError([Problem(key="", message=message, mend=mend, file=str(path))])


def _syntax_error(file: str, position: str, message: str) -> ProblemsError:
    mend = "Mend the TOML there; https://toml.io/en/v1.0.0 describes it."
    return ProblemsError([Problem(key=position, message=message, mend=mend, file=file)])
