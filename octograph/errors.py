"""Every error that Octograph raises on purpose, in one tree.

::

    OctographError
    ├── UsageError               the call is wrong: a bad argument, a bad setting
    ├── GraphError               the graph file or the graph itself is wrong
    ├── ModelError
    │   ├── ModelMissingError    the weights are not on this machine
    │   └── ModelFileError       the weights are there and are damaged or refused
    ├── HeadError                the functional head is missing or does not fit the graph
    ├── HostError
    │   ├── HostStartError       a host did not become ready
    │   ├── HostCrashedError     a host died with requests in flight
    │   ├── HostBusyError        a host has more requests than it can take
    │   └── HostRequestError     a host answered that it could not do what was asked
    ├── ContextOverflowError     the text is longer than the model's context
    ├── ToolError                a tool could not answer
    ├── ThreadError              a thread is missing, damaged or busy
    ├── DocumentError            a document cannot be read
    ├── KnowledgeError           a knowledge base is missing, damaged or in use
    ├── FeedbackError            the feedback on answers cannot be kept or read
    └── MissingExtraError        a part needs packages that are not installed

An error carries a ``hint`` (what to do next) and, where there is one, its cause (``raise ... from``).
Its ``exit_code`` is what the command line returns for it.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ContextOverflowError",
    "DocumentError",
    "FeedbackError",
    "GraphError",
    "HeadError",
    "HostBusyError",
    "HostCrashedError",
    "HostError",
    "HostRequestError",
    "HostStartError",
    "KnowledgeError",
    "MissingExtraError",
    "ModelError",
    "ModelFileError",
    "ModelMissingError",
    "OctographError",
    "ThreadError",
    "ToolError",
    "UsageError",
]


class OctographError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message
        What is wrong, in one sentence, with the offending value in ``repr`` form.
    hint
        What to do next. Shown below the message; may be empty.

    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message and, on a line of its own, the hint."""
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(OctographError):
    """A call, option or setting that cannot be right."""

    exit_code = 2


class GraphError(OctographError):
    """A model graph that cannot be used; names the file and the key."""

    exit_code = 2


class ModelError(OctographError):
    """Something about a model's weights."""


class ModelMissingError(ModelError):
    """The weights are not on this machine."""

    exit_code = 4


class ModelFileError(ModelError):
    """The weights are there, and are damaged, truncated or not the expected ones."""


class HeadError(OctographError):
    """A master's functional head is missing, damaged or fitted for another graph."""


class HostError(OctographError):
    """Something about a host process."""


class HostStartError(HostError):
    """A host did not become ready."""


class HostBusyError(HostError):
    """A host whose queue is full; nothing was begun."""


class HostCrashedError(HostError):
    """A host died while requests were in flight."""


class HostRequestError(HostError):
    """A host could not do what a request asked for."""


class ContextOverflowError(OctographError):
    """A text is longer than the context it has to fit in.

    Attributes
    ----------
    tokens
        Length of the text, in tokens.
    limit
        Room in the context, in tokens.

    """

    exit_code = 5

    def __init__(self, message: str, *, tokens: int, limit: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.tokens = tokens
        self.limit = limit


class ToolError(OctographError):
    """A tool could not answer; the message says why in the user's terms."""


class ThreadError(OctographError):
    """A thread (conversation) is missing, damaged or in use."""


class DocumentError(OctographError):
    """A document cannot be read; the message says why, without its path."""


class KnowledgeError(OctographError):
    """A knowledge base is missing, damaged, in use, or cannot be written."""


class FeedbackError(OctographError):
    """The feedback on answers cannot be kept or read."""


class MissingExtraError(OctographError):
    """A part of Octograph needs packages that are not installed."""
