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


KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://cluster.example:6443
  name: production
contexts:
- context:
    cluster: production
    namespace: fraud-production
    user: deployer
  name: production
current-context: production
preferences: {{}}
users:
- name: deployer
  user:
    token: {token}
    client-key-data: {key}
    password: correct-horse-battery
"""


def test_a_kubeconfig_hides_its_secrets_and_not_its_names() -> None:
    """Logs of a release name the cluster and the namespace; tokens, keys and passwords are masked in any form."""
    token, key, authority = "eyJhbGciOiJSUzI1NiIsImtpZCI6", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt" * 3, "QUJDREVGRw" * 8
    text = KUBECONFIG.format(token=token, key=key, ca=authority)
    mask = Redactor([text.encode()])
    shown = (
        "releasing to production: namespace fraud-production of cluster.example:6443, the cluster refuses user deployer"
    )
    assert mask(shown) == shown
    for secret in (token, key, key[10:40], "correct-horse-battery", base64.b64encode(token.encode()).decode()):
        assert secret not in mask(f"it was {secret}.")
        assert "[secret]" in mask(f"it was {secret}.")
    assert token not in mask(text)
    assert "correct-horse" not in mask(json.dumps(text))
    assert mask.holds(text.encode())
    assert base64.b64encode(text.encode()).decode() not in mask(base64.b64encode(text.encode()).decode())


def test_a_file_that_only_looks_like_a_kubeconfig_is_masked_whole() -> None:
    """Names are shown only where the file says what it is."""
    text = "clusters:\nname: hunter2-hunter2\npassphrase: hunter3-hunter3\n"
    mask = Redactor([text.encode()])
    assert "hunter2" not in mask("hunter2-hunter2")
