"""The scan of an image: everything that was planted in it is found by name, and what only looks like it is not."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import os
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline_kit.errors import DataError, ModelError
from pipeline_kit.images.sbom.inventory import Package
from pipeline_kit.scan import pickles
from pipeline_kit.scan.advisories import read_advisories, vulnerabilities
from pipeline_kit.scan.finding import Finding, find
from pipeline_kit.scan.image import scan_image
from pipeline_kit.scan.policy import Allow, Policy, judge, unused
from tests.scan.pictures import Entry, Layer, Picture
from tests.scan.planted import LETTERS, key

Count = Callable[[str, int], None]
TOKEN = "gh" + "p_" + LETTERS[:36]


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


def dumped(value: Any, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol)


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def packed(value: Any, compress: Any) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def array(value: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


PLANTED = {
    "a set-uid program": (Entry("usr/local/bin/su2", b"x", 0o4755), "set_uid"),
    "a set-gid program": (Entry("app/code/wall", b"x", 0o2755), "set_uid"),
    "a file for everybody": (Entry("app/config/manifest.json", b"{}", 0o666), "world_writable"),
    "a folder for everybody": (Entry("app/cache", kind="folder", mode=0o777), "world_writable"),
    "a link to the machine": (Entry("app/code/data", kind="link", target="/etc/passwd"), "link_outside"),
    "a link that climbs": (Entry("usr/x", kind="link", target="../../../etc/shadow"), "link_outside"),
    "a link out of the application": (Entry("app/model/m", kind="link", target="../../etc/m"), "link_outside"),
    "a pickle that runs code": (Entry("app/model/m.pkl", dumped(Evil())), "unsafe_pickle"),
    "an old pickle that runs code": (Entry("app/model/m.pickle", dumped(Evil(), 0)), "unsafe_pickle"),
    "one by another name": (Entry("app/model/weights", dumped(Evil(), 0)), "unsafe_pickle"),
    "one without a name of its kind": (Entry("app/code/cache.x", dumped(Evil(), 2)), "unsafe_pickle"),
    "one in a zip": (Entry("app/model/m.pt", zipped("archive/data.pkl", dumped(Evil()))), "unsafe_pickle"),
    "one by joblib": (Entry("app/model/m.joblib", packed(Evil(), 0)), "unsafe_pickle"),
    "one inflated by zlib": (Entry("app/model/z.joblib", packed(Evil(), 3)), "unsafe_pickle"),
    "one inflated by gzip": (Entry("app/model/g.joblib", packed(Evil(), ("gzip", 3))), "unsafe_pickle"),
    "one inflated by bz2": (Entry("app/model/b.joblib", packed(Evil(), ("bz2", 3))), "unsafe_pickle"),
    "one inflated by xz": (Entry("app/model/x.joblib", packed(Evil(), ("xz", 3))), "unsafe_pickle"),
    "an array of objects": (Entry("app/model/a.npy", array(np.array([Evil()], dtype=object))), "unsafe_pickle"),
    "archives of them": (Entry("app/m.npz", zipped("a.npy", array(np.array([Evil()], dtype=object)))), "unsafe_pickle"),
    "a pickle of a class": (Entry("app/model/s.pkl", dumped(LogisticRegression())), "suspicious_pickle"),
    "a pickle that is none": (Entry("app/model/n.npy", b"\x93NUMPY\x09\x09"), None),
    "a token": (Entry("app/code/a.py", f"T = '{TOKEN}'".encode()), "secret"),
    "a key": (Entry("app/code/id.pem", key("EC ").encode()), "secret"),
    "a token among the packages": (Entry("app/packages/x/a.py", TOKEN.encode()), "secret"),
    "git's folder": (Entry("app/code/.git/HEAD", b"ref"), "private_file"),
    "pip's configuration": (
        Entry("etc/pip.conf", b"index-url = https://me:s9Kvv2Lq@pypi.corp/simple\n"),
        "secret_file",
    ),
}
CONFIGS = {
    "no user": ({"User": ""}, "root_user"),
    "user 0": ({"User": "0:0"}, "root_user"),
    "root": ({"User": "root:root"}, "root_user"),
    "a password in Env": ({"Env": ["DB_PASSWORD=simple"]}, "secret_in_config"),
    "a token in Env": ({"Env": [f"WHATEVER={TOKEN}"]}, "secret_in_config"),
    "a token in a label": ({"Labels": {"x": TOKEN}}, "secret_in_config"),
    "an address in Env": ({"Env": ["INDEX=https://me:s9Kvv2Lq@pypi.corp/simple"]}, "secret_in_config"),
    "a password in Cmd": ({"Cmd": ["sh", "-c", "x --password=s9Kvv2Lq"]}, "secret_in_config"),
    "an argument in the history": (
        {"history": [{"created_by": "RUN |1 TOKEN=a8f5f167f44f4964 make"}]},
        "secret_in_config",
    ),
}
HARMLESS = {
    "a folder that is sticky": Entry("tmp", kind="folder", mode=0o1777),
    "a device": Entry("dev/null", kind="device", mode=0o666),
    "a link within": Entry("app/code/model", kind="link", target="../model/m.json"),
    "a link of the base": Entry("etc/mtab", kind="link", target="/proc/mounts"),
    "a folder with a group": Entry("var/mail", kind="folder", mode=0o2775),
    "a pickle of data": Entry("app/model/d.pkl", dumped({"a": [1, 2.0], "b": OrderedDict(x={1})})),
    "a pickled array": Entry("app/model/a.pkl", dumped(np.arange(5.0))),
    "a joblib array": Entry("app/model/a.joblib", packed({"w": np.arange(50.0)}, 3)),
    "an array": Entry("app/model/a.npy", array(np.arange(5))),
    "arrays": Entry("app/model/a.npz", zipped("a.npy", array(np.arange(5)))),
    "numbers": Entry("app/model/weights.bin", np.arange(500, dtype="float32").tobytes()),
    "weights": Entry("app/model/m.safetensors", b"\x08\0\0\0\0\0\0\0{}      " + b"\x80\x04" * 9),
    "a package's own pickle": Entry("app/packages/x/s.pkl", dumped(LogisticRegression())),
    "a certificate": Entry("etc/ssl/certs/a.pem", b"-----BEGIN CERTIFICATE-----\n" + LETTERS.encode()),
    "a library that tests itself": Entry("usr/lib/libgnutls.so", b"\x7fELF\2\1\0\0" + key().encode()),
    "a key of Python's own tests": Entry("usr/local/lib/python3.11/test/certdata/a.pem", key().encode()),
    "a library that knows keys": Entry("usr/lib/libcrypto.so", b"\0-----BEGIN PRIVATE" + b" KEY-----\0%s\0"),
}


def findings(folder: Path, *layers: Layer, **config: Any) -> list[Finding]:
    layout, image = Picture(layers, config=config).write(folder)
    return scan_image(image, layout).findings


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_an_image_is_found(tmp_path: Path, name: str, count: Count) -> None:
    """By its rule and path, once; the secret itself is not told, and nothing of a pickle was run."""
    entry, rule = PLANTED[name]
    found = findings(tmp_path, Layer([entry], "code"))
    expected = [(rule, entry.path)] if rule else []
    assert [(each.rule, each.path) for each in found] == expected
    assert not any("s9Kvv2Lq" in each.message or TOKEN[:12] in each.message for each in found)
    count("findings planted in images and found by name", 1)


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_planted_in_a_configuration_is_found(tmp_path: Path, name: str, count: Count) -> None:
    """User, environment, labels, command and history."""
    config, rule = CONFIGS[name]
    found = findings(tmp_path, **config)
    assert {each.rule for each in found} == {rule}
    assert not any("s9Kvv2Lq" in each.message or TOKEN[:12] in each.message for each in found)
    count("findings planted in images and found by name", 1)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_looks_like_one_in_an_image_is_not_flagged(tmp_path: Path, name: str, count: Count) -> None:
    """Sticky folders, links within, data in pickles, certificates."""
    assert findings(tmp_path, Layer([HARMLESS[name]], "code")) == []
    count("harmless look-alikes not flagged", 1)


def test_the_environment_of_python_images_is_harmless(tmp_path: Path) -> None:
    """Fingerprints and digests are no secrets."""
    variables = [
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "PYTHON_SHA256=" + "ab12" * 16,
        "TOKEN_FILE=/run/t",
    ]
    assert findings(tmp_path, Env=variables) == []


def test_private_folders_are_told_once(tmp_path: Path) -> None:
    """However many files they have."""
    entries = [Entry(f"app/code/.git/objects/{number}", b"x") for number in range(20)]
    assert len(findings(tmp_path, Layer(entries, "code"))) == 1


def test_a_pickle_too_large_to_look_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unsafe, since nobody has; so is one that inflates beyond that, in whatever way."""
    monkeypatch.setattr(pickles, "LARGEST", 10_000)
    large = b"\x80\x04" + b"\0" * 50_000
    for name, content in (
        ("a.pkl", large),
        ("b.joblib", zlib.compress(large)),
        ("c.joblib", bz2.compress(large)),
        ("d.joblib", lzma.compress(large)),
    ):
        (found,) = findings(tmp_path / name, Layer([Entry(f"app/model/{name}", content)], "model"))
        assert (found.rule, found.path) == ("unsafe_pickle", f"app/model/{name}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.pkl", large)
    (found,) = findings(tmp_path / "z", Layer([Entry("app/model/e.pt", buffer.getvalue())], "model"))
    assert "inflates to 50002 bytes" in found.message


def test_files_of_the_base_are_told_apart(tmp_path: Path) -> None:
    """By the layer's kind where the manifest tells it, else by dpkg's lists; nothing under app is the base's."""
    low, high = Entry("usr/bin/passwd", b"x", 0o4755), Entry("usr/bin/mine", b"x", 0o4755)
    told = findings(tmp_path / "a", Layer([low], "base"), Layer([high], "code"))
    assert {each.path: each.owner for each in told} == {"usr/bin/passwd": "base", "usr/bin/mine": ""}
    listed = Entry("var/lib/dpkg/info/passwd.list", b"/.\n/bin/passwd\n")
    found = findings(tmp_path / "b", Layer([low, high, listed, Entry("app/code/x", b"x", 0o4755)]))
    assert {each.path: each.owner for each in found} == {
        "usr/bin/passwd": "base",
        "usr/bin/mine": "",
        "app/code/x": "",
    }


def test_a_layer_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    """And not an image without findings."""
    layout, image = Picture([Layer([Entry("app/x.txt", b"x" * 9000)], "code")]).write(tmp_path)
    path = layout.path(image.layers[0].digest)
    content = path.read_bytes()[:5000]
    descriptor = layout.add_bytes(content, image.layers[0].media_type)
    broken = type(image)(image.stored, image.config_descriptor, (descriptor,), image.manifest, image.config)
    with pytest.raises(ModelError, match=r"is not a complete tar|cannot be read"):
        scan_image(broken, layout)


def test_what_the_policy_says() -> None:
    """A rule blocks, is told, or is allowed with a reason; findings of the base block for few rules only."""
    secret, mode = find("secret", "a/b.py", "x", 3, subject="GitHub token"), find("set_uid", "usr/bin/su", "x")
    based = Finding("set_uid", "usr/bin/su", "x", owner="base")
    based_secret = Finding("secret", "usr/x", "x", owner="base")
    low = find("no_limits", "a.yaml", "x")
    all_of = (secret, mode, based, based_secret, low)
    assert [each.blocks for each in judge(all_of, Policy())] == [True, True, False, True, False]
    assert [each.blocks for each in judge(all_of, Policy(base=True))] == [True, True, True, True, False]
    assert [each.blocks for each in judge(all_of, Policy(frozenset({"no_limits"})))] == [False] * 4 + [True]
    allow = (Allow("secret", "a/*", "a test's", "GitHub*"), Allow("secret", "z/*", "gone"))
    judged = judge(all_of, Policy(allow=allow))
    assert [each.allowed for each in judged] == ["a test's", None, None, None, None]
    assert not judged[0].blocks
    assert unused(all_of, Policy(allow=allow)) == (allow[1],)


def advisory(identifier: str, *events: dict[str, str], name: str = "Requests", **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": identifier, "modified": "2024-01-01T00:00:00Z", "summary": "Leaks.", "affected": [affected], **more}


RANGES: dict[str, tuple[list[dict[str, str]], list[str], list[str]]] = {
    "fixed": ([{"introduced": "0"}, {"fixed": "2.31.0"}], ["0.1", "2.30.9", "2.31.0rc1"], ["2.31", "2.31.0", "3"]),
    "later": ([{"introduced": "1.5"}, {"fixed": "2"}], ["1.5", "1.9.9"], ["1.4", "2"]),
    "last affected": ([{"introduced": "0"}, {"last_affected": "2"}], ["1", "2.0"], ["2.0.1"]),
    "twice": (
        [{"introduced": "3"}, {"fixed": "3.2"}, {"introduced": "0"}, {"fixed": "1"}],
        ["0.5", "3.1"],
        ["1", "2", "3.2"],
    ),
    "never fixed": ([{"introduced": "0"}], ["0", "99"], []),
}


@pytest.mark.parametrize("name", RANGES)
def test_which_versions_an_advisory_means(tmp_path: Path, name: str) -> None:
    """As the format says: introduced, fixed, last affected, in any order."""
    events, affected, free = RANGES[name]
    (tmp_path / "a.json").write_text(json.dumps(advisory("GHSA-1", *events)))
    database = read_advisories(tmp_path)
    for version in affected + free:
        package = Package("pypi", "requests", version, path="x/METADATA")
        assert [each.subject for each in vulnerabilities([package], database)] == ["GHSA-1"] * (version in affected)


def test_a_database_in_each_of_its_forms(tmp_path: Path) -> None:
    """A folder, a list in one file, a zip; withdrawn advisories and those on other ecosystems do not count."""
    one = advisory(
        "A-1", {"introduced": "0"}, {"fixed": "2"}, database_specific={"severity": "CRITICAL"}, aliases=["CVE-9"]
    )
    two = advisory("A-2", {"introduced": "0"}, withdrawn="2024-01-01T00:00:00Z")
    three = {"id": "A-3", "affected": [{"package": {"ecosystem": "npm", "name": "requests"}}]}
    four = {
        "id": "A-4",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "requests"}, "versions": ["1.0+odd local"]}],
    }
    documents = [one, two, three, four]
    folder, file, archive = tmp_path / "d" / "deep", tmp_path / "all.json", tmp_path / "all.zip"
    folder.mkdir(parents=True)
    file.write_text(json.dumps(documents))
    with zipfile.ZipFile(archive, "w") as written:
        for each in documents:
            (folder / f"{each['id']}.json").write_text(json.dumps(each))
            written.writestr(f"{each['id']}.json", json.dumps(each))
    packages = [Package("pypi", "Requests", "1.0", path="p"), Package("pypi", "requests", "1.0+odd local", path="q")]
    packages.append(Package("deb", "requests", "1.0"))
    for place in (tmp_path / "d", file, archive):
        database = read_advisories(place)
        assert (database.count, database.newest) == (2, "2024-01-01T00:00:00Z")
        found = list(vulnerabilities(packages, database))
        assert [(each.path, each.subject, each.severity.value) for each in found] == [
            ("p", "A-1", "critical"),
            ("q", "A-4", "high"),
        ]
        assert (found[0].message, found[0].hint) == ("Requests 1.0: A-1, CVE-9: Leaks.", "fixed in 2")


@pytest.mark.parametrize("content", ["{", "[1]", '[{"id": "x", "affected": [{}]}]', "[]", '{"affected": []}'])
def test_a_database_that_is_none(tmp_path: Path, content: str) -> None:
    """It is an error, and never a scan that found nothing."""
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match=r"advisor|JSON"):
        read_advisories(tmp_path)
    with pytest.raises(DataError, match="the database of advisories"):
        read_advisories(tmp_path / "gone")


def test_a_name_that_is_no_text_is_written_out(tmp_path: Path) -> None:
    """So that every report can hold it."""
    entry = Entry("app/code/\udcff\udcfe.py", f"T = '{TOKEN}'".encode(), 0o666)
    found = findings(tmp_path, Layer([entry, Entry("app/\udcff", kind="link", target="/\udcff")], "code"))
    assert {each.path for each in found} == {"app/code/\\xff\\xfe.py", "app/\\xff"}
    json.dumps([(each.path, each.message) for each in found], ensure_ascii=False).encode()
