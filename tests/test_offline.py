"""Nothing needs a network: everything works in a namespace that has none."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest


def _without_network() -> tuple[str, ...]:
    """Return a command that runs another without any network interface that is up."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no `unshare` on this system")
    for options in (("-n",), ("-rn",)):
        tried = subprocess.run([unshare, *options, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return (unshare, *options)
    pytest.skip("this user may not make a network namespace (`unshare -n`)")


def test_it_answers_routes_and_is_well_without_a_network(octograph_command: tuple[str, ...], data_dir: Path) -> None:
    prefix = _without_network()

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        command = [*prefix, *octograph_command, *argv]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    cut_off = subprocess.run([*prefix, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True)
    assert "eth" not in cut_off.stdout

    answered = run("ask", "What is 48 * 17?")
    assert (answered.returncode, answered.stdout) == (0, "48 * 17 = 816\n"), answered.stderr
    written = run("ask", "Say hello.", "--worker", "chat", "--json")
    assert json.loads(written.stdout)["source"] == "model", written.stderr
    assert json.loads(run("route", "Hi there!", "--json").stdout)["worker"] == "chat"
    assert json.loads(run("doctor", "--json").stdout)["ok"]
