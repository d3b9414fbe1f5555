"""A user's judgement of a turn becomes feedback."""

from __future__ import annotations

from collections.abc import Sequence

from octograph.agents.learning.posteriors import cluster_of
from octograph.agents.learning.store import Feedback, FeedbackKind
from octograph.agents.turn import Turn
from octograph.errors import UsageError

__all__ = ["feedback_on"]


def feedback_on(
    turns: Sequence[Turn],
    turn: str | None,
    *,
    graph: str,
    thread: str,
    accepted: bool,
    instead: str | None,
    moment: str,
) -> Feedback:
    """Return the feedback on one turn of a conversation, on the last that was answered if `turn` is None.

    Raises
    ------
    UsageError
        There is no such answer, or the master did not choose its worker.

    """
    rated = next((one for one in reversed(turns) if one.worker is not None and turn in (None, one.id)), None)
    if rated is None or rated.worker is None:
        raise UsageError(
            f"the thread {thread!r} has no such answer", hint="`octograph threads show NAME` shows its turns."
        )
    if rated.route is None:
        raise UsageError(
            f"{rated.worker!r} was asked by name, so there is no choice of the master to rate",
            hint="Rate an answer whose worker the master chose.",
        )
    kind: FeedbackKind = "overridden" if instead is not None else "accepted" if accepted else "rejected"
    return Feedback(
        graph=graph,
        cluster=cluster_of(rated.route["distribution"]),
        worker=rated.worker,
        kind=kind,
        thread=thread,
        turn=rated.id,
        moment=moment,
        instead=instead,
    )
