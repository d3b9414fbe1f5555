"""The chat, as the command line starts it."""

from __future__ import annotations

import subprocess
import sys


def test_textual_is_loaded_by_the_chat_alone_which_says_before_how_often_it_paints() -> None:
    code = "import sys; import octograph.cli.main, octograph.cli.chatting; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
