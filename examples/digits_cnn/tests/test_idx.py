import gzip

import pytest

from digits.idx import find_idx, read_idx


def idx(shape, content):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    return header + bytes(content)


def test_plain_and_gzipped_files_hold_the_same_array(tmp_path):
    content = idx((2, 2, 3), range(12))
    (tmp_path / "images").write_bytes(content)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(content))
    for name in ("images", "labels"):
        array = read_idx(find_idx(tmp_path, name))
        assert array.shape == (2, 2, 3) and array[1].tolist() == [[6, 7, 8], [9, 10, 11]]


@pytest.mark.parametrize("content", [b"", b"id,label\n", idx((2, 2), range(3)), bytes([0, 0, 13, 1])])
def test_what_is_no_whole_idx_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="images"):
        read_idx(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither images nor images"):
        find_idx(tmp_path, "images")
