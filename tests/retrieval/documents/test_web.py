"""Pages of the web as Markdown."""

from __future__ import annotations

import pytest

from octograph.retrieval.documents.markdown import to_markdown
from octograph.retrieval.documents.web import read_web

SENTENCE = "The arctic tern flies from pole to pole each year and sees more daylight than any other animal. "
ARTICLE = f"""<h1>Terns</h1><p>{SENTENCE * 3}</p><h2>Food</h2><ul><li>fish</li><li>krill</li></ul>
<p>{SENTENCE * 2}See <a href="https://example.org">the atlas</a>, use <code>tern_map</code> for wing_span.</p>
<table><tr><th>year</th><th>nests</th></tr><tr><td>2019</td><td>12</td></tr></table>
<pre><code>def fly(to):
    return to
</code></pre>"""
SEEN = ("# Terns", "## Food", "- fish", "the atlas", "`tern_map`", "wing_span", "| year | nests |", "    return to")


@pytest.mark.parametrize("around", ["<main><article>{}</article></main>", "<div>{}</div>", "{}"])
def test_the_form_of_a_page_is_kept_and_its_menu_is_not(around: str) -> None:
    menu, foot = '<nav><a href="/">Home</a></nav>', "<footer>All rights reserved</footer>"
    page = (
        f"<html><head><title>Birds &amp; poles</title></head><body>{menu}{around.format(ARTICLE)}{foot}</body></html>"
    )
    extract = read_web(page.encode())
    (text,) = extract.parts
    assert extract.title == "Birds & poles"
    assert extract.markup == "markdown"
    assert [seen for seen in SEEN if seen not in text] == []
    assert "example.org" not in text
    assert "Home" not in text
    assert "All rights" not in text


@pytest.mark.parametrize("page", ["<p>Short.</p>", "Short.", "<nav>Short.</nav>", "<!-- x --><body>Short."])
def test_a_page_without_a_main_text_is_read_whole(page: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert read_web(page.encode()).parts[0].strip() == "Short."
    assert capfd.readouterr() == ("", "")


def test_a_page_says_how_it_is_encoded() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-7"><p>Ελλάδα, ωραία χώρα</p>'
    assert "Ελλάδα, ωραία χώρα" in read_web(page.encode("iso-8859-7")).parts[0]


def test_a_page_nested_without_end_keeps_its_text() -> None:
    assert "deep" in to_markdown("<div>" * 200 + "<b>" * 2000 + "deep" + "</b>" * 2000)
    assert "deep" in read_web(b"<div>" * 5000 + b"deep" + b"</div>" * 5000).parts[0]


def test_xhtml_is_html() -> None:
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><h1>T</h1></body></html>'
    assert to_markdown(page).strip() == "# T"
