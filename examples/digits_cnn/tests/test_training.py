import pytest
import torch
from torch.utils.data import TensorDataset

from digits import jobs, network, training


def stripes(rows, generator):
    """Noisy images with a bright row (label 0) or a bright column (label 1)."""
    pixels = torch.randint(0, 6, (rows, 8, 8), generator=generator)
    labels = torch.arange(rows) % 2
    for number, label in enumerate(labels.tolist()):
        pixels[number, 3 if label == 0 else slice(None), slice(None) if label == 0 else 3] = 16
    return TensorDataset(pixels.to(torch.uint8), labels)


@pytest.fixture
def sets():
    generator = torch.Generator().manual_seed(1)
    return stripes(96, generator), stripes(32, generator)


def fit(sets, rows=None, epochs=3, **more):
    record = (rows if rows is not None else []).append
    return training.train(*sets, epochs=epochs, batch=16, rate=0.01, seed=5, record=record, **more)


def test_training_learns_and_reports_every_epoch(sets):
    rows = []
    fit(sets, rows)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["loss"] < rows[0]["loss"] and rows[-1]["validation_accuracy"] == 1.0


def test_the_same_seed_gives_the_same_bytes_and_so_does_resuming(sets, tmp_path):
    whole, again, resumed = tmp_path / "whole", tmp_path / "again", tmp_path / "resumed"
    network.save(fit(sets), whole)
    network.save(fit(sets, epochs=1, checkpoints=tmp_path / "kept"), again)
    assert again.read_bytes() != whole.read_bytes()
    network.save(fit(sets), again)
    assert again.read_bytes() == whole.read_bytes()
    last = jobs.latest(tmp_path / "kept")
    assert last is not None
    network.save(fit(sets, resume=last), resumed)
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_loaded_network_predicts_as_the_one_that_was_saved(sets, tmp_path):
    fitted = fit(sets, epochs=1).eval()
    network.save(fitted, tmp_path / "model.safetensors")
    loaded = network.load(tmp_path / "model.safetensors")
    with torch.inference_mode():
        assert torch.equal(loaded(sets[1].tensors[0]), fitted(sets[1].tensors[0]))


def test_larger_images_pass_through_the_same_blocks():
    assert network.DigitNetwork(28, 255.0)(torch.zeros(2, 28, 28, dtype=torch.uint8)).shape == (2, 10)


def test_the_latest_checkpoint_of_a_folder_or_the_file_itself(tmp_path):
    assert jobs.latest(None) is None and jobs.latest(tmp_path) is None
    for name in ("epoch=000.ckpt", "epoch=002.ckpt", "epoch=001.ckpt"):
        (tmp_path / name).write_text("")
    assert jobs.latest(tmp_path) == tmp_path / "epoch=002.ckpt"
    assert jobs.latest(tmp_path / "epoch=000.ckpt") == tmp_path / "epoch=000.ckpt"
