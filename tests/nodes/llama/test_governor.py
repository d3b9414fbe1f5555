"""The governor's judgement, with CPU time that is really taken or really waited for."""

from __future__ import annotations

import time

from octograph.nodes.llama.governor import WATCH_SECONDS, Governor


def test_a_starved_decode_loses_threads_and_is_aborted() -> None:
    aborted: list[float] = []
    governor = Governor(most=4, abort=lambda: aborted.append(time.perf_counter()))
    with governor:
        time.sleep(WATCH_SECONDS * 4)  # a process that waits gets none of the CPU time it asks for
    assert governor.threads == 1
    assert aborted


def test_one_thread_is_the_least() -> None:
    governor = Governor(most=1, abort=lambda: None)
    for _ in range(5):
        with governor:
            time.sleep(0.05)
    assert governor.threads == 1


def test_short_decodes_are_judged_together() -> None:
    governor = Governor(most=2, abort=lambda: None)
    for _ in range(8):
        with governor:
            time.sleep(0.01)
    assert governor.threads == 1
