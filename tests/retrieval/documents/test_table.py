"""Rows as paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.retrieval.documents.table import read_csv, read_tsv


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_value_stands_with_its_header(delimiter: str) -> None:
    rows = [("name", "age", "city"), ("Ann", "3", "Oslo"), ("Bob", "", "Rome")]
    table = "\r\n".join(delimiter.join(row) for row in rows)
    assert read_csv(table.encode()).parts == ("name: Ann; age: 3; city: Oslo\n\nname: Bob; city: Rome",)


def test_ragged_rows_keep_every_value() -> None:
    table = b'name,age\nAnn\n\nBob,4,extra,"more\nof it"\n,\n'
    assert read_csv(table).parts == ("name: Ann\n\nname: Bob; age: 4; extra; more of it",)


def test_an_index_column_has_no_name() -> None:
    assert read_csv(b",name\n0,Ann\n").parts == ("0; name: Ann",)


def test_numbers_are_no_header() -> None:
    assert read_csv(b"1,2\n3,4\n").parts == ("1; 2\n\n3; 4",)


def test_a_header_alone_is_said() -> None:
    assert read_csv(b"name,age\n").parts == ("name; age",)


def test_only_tabs_divide_a_tsv() -> None:
    assert read_tsv(b"name,first\tage\nAnn,B\t3\n").parts == ("name,first: Ann,B; age: 3",)


def test_a_quote_that_is_never_closed_leaves_the_text() -> None:
    table = 'a,b\n1,"' + "x" * 200_000 + "\n2,3\n"
    assert read_csv(table.encode()).parts == (table,)


@given(st.lists(st.lists(st.text(st.characters(categories=["L"]), min_size=1), min_size=2, max_size=4), min_size=2))
def test_no_value_is_lost(rows: list[list[str]]) -> None:
    (text,) = read_csv("\n".join(",".join(row) for row in rows).encode()).parts
    assert all(value in text for row in rows[1:] for value in row)
