"""The terminal app: a chat with the model graph.

Data goes down (a screen tells its widgets what to show), messages go up (a widget says what the user did).
The backend is an object that the app is given; `octograph.tui.testing` has one that plays a script.
"""

from octograph.tui.app import make_app, run

__all__ = ["make_app", "run"]
