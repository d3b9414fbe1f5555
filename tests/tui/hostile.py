"""The app with hostile words in every place that words come from; run in a pseudo-terminal by `test_injection`.

``python -m tests.tui.hostile hostile|harmless chat|around|broken|link``, where the harmless words are the same ones
without what makes them hostile.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from octograph.agents import Attempt, Citation, Finished, Turn
from octograph.errors import GraphError, HostStartError
from octograph.graph import Edge, Knowledge, Master, Model, ModelGraph, Worker
from octograph.nodes.master import Route
from octograph.tui import make_app
from octograph.tui.backend import Backend
from octograph.tui.testing import Beat, ScriptedBackend, a_route, abstained, answered, escalated, planned
from octograph.tui.testing.documents import ScriptedDocuments, an_entry

__all__ = ["CORPUS", "MARKS", "NODES", "harmless"]

CORPUS: Mapping[str, str] = {
    "clipboard": "\x1b]52;c;aGFja2Vk\x07 \x1b]52;p;aGFja2Vk\x1b\\",
    "titles": "\x1b]0;owned\x07\x1b]1;owned\x07\x1b]2;owned\x1b\\",
    "hyperlink": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "colours, fonts, files": "\x1b]4;1;#4711aa\x07\x1b]11;#4711aa\x07\x1b]50;owned\x07\x1b]1337;File=inline=1:AAAA\x07",
    "cursor and clears": "\x1b[4711;4711H\x1b[4711A\x1b[4711G\x1b[2J\x1b[3J\x1b[K\x1b[4711M\x1b[1;4711r\x1b[s\x1b[u",
    "modes": "\x1b[?1049l\x1b[?25l\x1b[?1003h\x1b[?2004l\x1b[4711h\x1b[!p\x1bc\x1b(0\x0e\x0f",
    "reports": "\x1b[6n\x1b[5n\x1b[c\x1b[>c\x1b[>q\x1b[18t\x1b[21t\x1b[?4711$p\x05",
    "styles": "\x1b[4711m\x1b[38;5;4711m\x1b[8mhidden\x1b[0m",
    "device control": '\x1bP$q"p\x1b\\\x1bP1;1|17/4711\x1b\\',
    "program command": "\x1b_owned\x1b\\\x1b^owned\x1b\\\x1bXowned\x1b\\",
    "sixel": "\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-owned\x1b\\",
    "kitty": "\x1b_Ga=T,f=100,owned;AAAA\x1b\\",
    "eight bits": "\x9b4711m\x9d0;owned\x9c\x90qowned\x9c\x9fGa=T;AAAA\x9c\x84\x85\x8d\x8e\x98owned\x9c",
    "end of a paste": "\x1b[201~; rm -rf owned\r",
    "bells and backspaces": "\x07\x07safe\b\b\b\bevil\x7f\x7f\x00",
    "carriage returns": "safe\revil\x0b\x0cdown\x85next\r\nline",
    "directions": "\u202egpj.exe\u202c \u2066\u2067\u2068x\u2069\u2069 \u202a\u202b\u202d",
    "halves of characters": "name-\udc9b4711m-\udce9-\ud83d.txt",
    "unfinished": "\x1b \x1b[ \x1b] \x1bP \x1b[4711; \x1b]0;owned",
    "nested": "\x1b\x1b]0;owned\x07 \x1b\x9b[2J \x1b]52;c;\x1b]0;owned\x07aGFja2Vk\x07",
    "markup": "[bold red]x[/] [link=https://evil.example]y[/link] [@click=app.quit]z[/] [/nothing] [[ \\[",
    "links": f"[a](javascript:owned) [b](file:///etc/passwd) [c](https://evil.example/{'long' * 200}) <https://e.vil>",
    "links with controls": "[a](https://e.vil/%1b]0;owned%07%9b2J) [b](<https://e.vil/\x1b]0;owned\x07>) [c][\x1b[2J]",
    "images": "![picture](https://evil.example/p.png) ![\x1b]0;owned\x07](data:image/png;base64,AAAA)",
    "tags": "<script>owned</script> <b>bold</b> <img src=x onerror=owned> <!-- \x1b[2J -->",
    "entities": "&#27;]0;owned&#7; &#x1b;[4711m &#155;4711m &#x9b;2J &#13;over &#8;&#12;&#0; &#x202e;gpj.exe &#x2066;x",
    "blocks": (
        "\n# head\x1b[2J\n\n> quote\x1b]0;owned\x07\n\n```\x1b[2J\ncode\x1b]52;c;aGFja2Vk\x07\n```\n\n"
        "|a\x1b[2J|b|\n|-|-|\n|c\x07|d|\n"
    ),
}
"""What must not get through, by what it is."""

MARKS = ("4711", "owned", "aGFja2Vk", "AAAA", "evil", "e.vil", "rm -rf", "gpj")
"""Words that stand in the sequences above and in none of Textual's."""

NODES = 4
"""Workers of the graph, each with its share of the words."""
LINK = "[there](https://e.vil/owned)"

_OBEYED = re.compile("[^\\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\u202a-\u202e\u2066-\u2069]")
_ENTITY = re.compile("&#x?[0-9a-f]+;")


def harmless(text: str) -> str:
    """Return the words without anything that a terminal could obey."""
    return re.sub("[\ud800-\udfff]", "?", _ENTITY.sub("", _OBEYED.sub("", text)))


def backend(words: Mapping[str, str]) -> ScriptedBackend:
    """Return conversations and scripts that are full of the words."""
    everything = " ".join(words.values())
    route = _route(words["titles"], everything).document()
    cited = tuple(
        Citation(
            number=number,
            source=f"/docs/{text}.pdf",
            title=text,
            heading=text,
            page=number,
            text=text,
            similarity=0.5,
        )
        for number, text in enumerate(words.values(), start=1)
    )
    tried = tuple(Attempt(worker=text, reason=text, text=text) for text in words.values())
    known: dict[str, Any] = {"thread": "old", "route": route, "worker": everything, "started": "2026-01-02T03:04:05"}
    choices = ("answer", "abstain", everything)
    turns = [
        Turn(id=f"answered-{name}", query=text, status="answered", text=text, source="model", **known)
        for name, text in words.items()
    ]
    turns += [
        Turn(id="tool", query=everything, status="answered", text=everything, source="tool", **known),
        Turn(id="cited", query="cited", status="answered", text=everything, source="model", citations=cited, **known),
        Turn(id="tried", query="tried", status="answered", text=everything, source="model", tried=tried, **known),
        Turn(id="withheld", query="withheld", status="abstained", text=everything, citations=cited, **known),
        Turn(id="failed", query="failed", status="failed", text=everything, **known),
        Turn(id="waiting", query="waiting", status="waiting", text=everything, tried=tried, choices=choices, **known),
        Turn(id="last", query=everything, status="interrupted", text="", **known),
    ]
    error = HostStartError(everything, hint=everything)
    cited_live = Turn(id="", thread="", query="", status="abstained", text=everything, citations=cited)
    scripts: dict[str, list[Beat]] = {
        "whole": answered("whole", everything, distribution={everything: 0.9, "chat": 0.1}, token=everything),
        "pieces": answered("pieces", list(everything), distribution={words["eight bits"]: 1.0}),
        "tool": answered("tool", everything, tool=True),
        "none": abstained("none", everything),
        "passages": [*abstained("passages", "")[:-1], Finished(turn=cited_live)],
        "passed": escalated("passed", everything, first=everything, reason=everything, then=f"{everything}2"),
        "plan": planned("plan", [(everything, everything, everything), ("chat", everything, everything)]),
        "error": [*answered("error", everything)[:4], error],
        "bug": [RuntimeError(everything)],
    }
    threads = {
        text: [Turn(id="1", thread=name, query=text, status="answered", text=text)] for name, text in words.items()
    }
    full = Turn(
        id="full",
        query=everything,
        status="answered",
        text=f"{everything}\n\n```\n{everything}\n```\n\n```\n{everything}\n```\n",
        source="model",
        citations=cited,
        tried=tried,
        **{**known, "thread": "around"},
    )
    link = Turn(id="1", thread="link", query="Where?", status="answered", text=LINK, source="model")
    files = [f"/docs/{text}.pdf".replace("\ud83d", "") for text in words.values()]  # a name can have no such half
    backend = ScriptedBackend(
        scripts=scripts,
        conversations={"old": turns, "around": [full], "fork": [full, full], "link": [link], **threads},
        graph=_graph({name: text.encode(errors="replace").decode() for name, text in words.items()}),
        documents=ScriptedDocuments(documents={file: an_entry(file) for file in files}),
    )
    backend.threads.parents["fork"] = "around"
    return backend


def _graph(words: Mapping[str, str]) -> ModelGraph:
    """A graph with the words in everything but its names, which it refuses."""
    everything = " ".join(words.values())
    texts = [*words.values()]
    nodes = [
        Worker(name=f"[red]{number}[/]", description=text, measured=text, model="fake", system=text, examples=(text,))
        for number, text in enumerate(" ".join(texts[begin::NODES]) for begin in range(NODES))
    ]
    declining = Worker(name="<b>nobody</b>", description=everything, declines=everything, examples=(everything,))
    master = Master(name="router", model="fake", prompt=everything, description=everything)
    base = Knowledge(name="[link=https://e.vil]base[/]", path=words["kitty"], description=everything)
    workers = [*nodes, declining]
    edges = [Edge(source="router", target=worker.name, kind="routes_to") for worker in workers]
    edges.append(Edge(source=nodes[0].name, target=base.name, kind="reads"))
    edges.append(Edge(source=nodes[0].name, target=nodes[1].name, kind="escalates_to"))
    model = Model(name="fake", source="path:fake.gguf", licence=everything)
    return ModelGraph("[red]graph[/]", "router", [model], [master, *workers, base], edges)


def _route(token: str, worker: str) -> Route:
    return a_route({worker: 0.9, "chat": 0.1}, token=token, query=worker)


def main(kind: str, stage: str) -> None:
    """Run the app."""
    words = CORPUS if kind == "hostile" else {name: harmless(text) for name, text in CORPUS.items()}

    def opened() -> Backend:
        if stage == "broken":
            everything = " ".join(words.values())
            raise GraphError(everything, hint=everything)
        return backend(words)

    app = make_app(opened, thread=stage if stage in ("around", "link") else "old")
    app.animation_level = "none"
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
