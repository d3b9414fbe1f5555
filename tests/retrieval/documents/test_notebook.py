"""Jupyter notebooks."""

from __future__ import annotations

import json

import pytest

from octograph.errors import DocumentError
from octograph.retrieval.documents.notebook import read_notebook


def test_cells_become_text_and_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Terns\n", "fly far"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": "1"}]},
        {"cell_type": "code", "source": ['"""\n', "```\n", '"""']},
        {"cell_type": "code", "source": []},
    ]
    notebook = {"cells": cells, "metadata": {"language_info": {"name": "python"}, "title": "Birds"}}
    extract = read_notebook(json.dumps(notebook).encode())
    assert extract.parts == (
        "# Terns\nfly far",
        "```python\nprint(1)\n```",
        '````python\n"""\n```\n"""\n````',
        "",
    )
    assert extract.title == "Birds"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{}]}'])
def test_what_is_no_notebook_is_refused(content: str) -> None:
    with pytest.raises(DocumentError, match="notebook"):
        read_notebook(content.encode())
