"""Secrets are masked in every form that an output could give them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.runner.redaction import MASK, Redactor

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=8, max_size=40).filter(
    lambda text: len(text.strip()) >= 8 and text != MASK
)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_not_in_the_masked_text(secret: str, before: str, after: str) -> None:
    """As it is, in JSON, in a URL."""
    mask = Redactor([secret])
    for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
        assert form not in mask(before + "\0" + form + "\0" + after)


@given(SECRETS, st.binary(max_size=6), st.binary(max_size=6))
def test_a_secret_is_not_in_masked_base64(secret: str, before: bytes, after: bytes) -> None:
    """Wherever it starts among the bytes that are encoded, no nine characters of what encodes it are left."""
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    masked = Redactor([secret])(encoded)
    inner = base64.b64encode(b"\0" * (len(before) % 3) + secret.encode()).decode().rstrip("=")[2:-2]
    assert len(inner) < 8 or inner not in masked
    assert len(inner) < 12 or MASK in masked


def test_each_line_of_a_long_secret_is_masked() -> None:
    """Output is streamed by lines, a key file has many."""
    mask = Redactor(["-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n"])
    assert mask("cat: mnopqrstuvwx") == f"cat: {MASK}"


def test_a_short_secret_is_refused() -> None:
    """Masking three letters would tear every text, and show the secret by its gaps."""
    with pytest.raises(ValueError, match="shorter than 8"):
        Redactor(["abc"])
