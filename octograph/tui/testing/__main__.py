"""Record answers of a model graph, or show the chat on a recording, which needs no model.

python -m octograph.tui.testing record FILE QUERY ...
python -m octograph.tui.testing play FILE
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from octograph import api
from octograph.errors import OctographError
from octograph.tui import make_app
from octograph.tui.testing.backend import ScriptedBackend
from octograph.tui.testing.beats import Beat
from octograph.tui.testing.recording import read_recording, recorded, write_recording


async def record(queries: Sequence[str], *, graph: str) -> dict[str, list[Beat]]:
    """Ask each query in a conversation of its own."""
    with api.open(graph) as octo:
        return {query: await recorded(octo.astream(query)) for query in queries}


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "play"))
    parser.add_argument("file", type=Path)
    parser.add_argument("query", nargs="*")
    parser.add_argument("--graph", default="embedded")
    arguments = parser.parse_args()
    try:
        if arguments.what == "record":
            write_recording(arguments.file, asyncio.run(record(arguments.query, graph=arguments.graph)))
        else:
            scripts = read_recording(arguments.file)
            make_app(lambda: ScriptedBackend(scripts=scripts)).run()
    except (OctographError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
