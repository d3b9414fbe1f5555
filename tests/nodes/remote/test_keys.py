"""A key goes to the server that the settings give it to, and to nobody else."""

from __future__ import annotations

import pytest

from octograph.errors import UsageError
from octograph.nodes.remote import KeyRing

RING = KeyRing(
    {"https://api.openai.com": "OPENAI_API_KEY", "http://127.0.0.1:8080/v1": "LOCAL_KEY"},
    {"OPENAI_API_KEY": " sk-1\n", "LOCAL_KEY": "k"},
)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://api.openai.com/v1", "sk-1"),
        ("https://API.openai.com:443/v1", "sk-1"),
        ("http://127.0.0.1:8080/other", "k"),
        ("http://api.openai.com/v1", None),  # not encrypted
        ("https://api.openai.com:8443/v1", None),
        ("https://api.openai.com.evil.example/v1", None),
        ("https://evil.example/https://api.openai.com", None),
        ("https://evil.example/#https://api.openai.com", None),
    ],
)
def test_a_key_goes_to_its_server(url: str, key: str | None) -> None:
    assert RING.key_for(url) == key


@pytest.mark.parametrize("value", ["", "  ", "clé", "a\nb"])
def test_a_variable_without_a_key_is_told_and_never_shown(value: str) -> None:
    ring = KeyRing({"https://host": "SECRET"}, {"SECRET": value} if value else {})
    with pytest.raises(UsageError, match="'SECRET'") as caught:
        ring.key_for("https://host/v1")
    assert "export SECRET" in caught.value.hint
    assert "clé" not in str(caught.value)
