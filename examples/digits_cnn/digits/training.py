"""Learning: the same bytes from the same seed, whether in one go or resumed from any checkpoint."""

import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from digits.network import DigitNetwork

FIGURES = ("loss", "validation_loss", "validation_accuracy")
Record = Callable[[dict[str, float]], None]


class EpochOrder(Sampler[int]):
    """A random order that depends on seed and epoch alone, so that a resumed run sees what the whole run saw."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.seed, self.epoch = rows, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return iter(torch.randperm(self.rows, generator=generator).tolist())

    def __len__(self) -> int:
        return self.rows


class Learner(lightning.LightningModule):
    """The network with what Lightning needs to teach it; what serves it needs no Lightning."""

    def __init__(self, network: DigitNetwork, rate: float) -> None:
        super().__init__()
        self.network, self.rate = network, rate

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        """The mean cross entropy of a batch."""
        pixels, labels = batch
        loss = nn.functional.cross_entropy(self.network(pixels), labels)
        self.log("loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        return loss

    def validation_step(self, batch: list[torch.Tensor]) -> None:
        """Records cross entropy and accuracy of rows that nothing was learned from."""
        pixels, labels = batch
        logits = self.network(pixels)
        figures = {
            "validation_loss": nn.functional.cross_entropy(logits, labels),
            "validation_accuracy": (logits.argmax(dim=1) == labels).float().mean(),
        }
        self.log_dict(figures, batch_size=len(labels))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, at the rate given."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


class Recorder(Callback):
    """Hands each epoch's figures on."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Called by Lightning after training and validation of an epoch."""
        figures = {name: float(trainer.callback_metrics[name]) for name in FIGURES}
        self.record({"epoch": trainer.current_epoch + 1, **figures})


def be_deterministic(seed: int) -> None:
    """One thread and fixed seeds: sums of several threads differ in their last digits from run to run."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")  # the images are in memory
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # of Lightning to itself
    warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*callbacks used to create the checkpoint.*")  # of earlier folders
    torch.set_num_threads(1)
    lightning.seed_everything(seed, workers=True, verbose=False)


def train(
    learn: TensorDataset,
    validate: TensorDataset,
    *,
    epochs: int,
    batch: int,
    rate: float,
    seed: int,
    record: Record,
    checkpoints: Path | None = None,
    resume: Path | None = None,
) -> DigitNetwork:
    """The network after so many epochs.

    Both sets are of pixels (images x height x width) and labels. A checkpoint an epoch goes to `checkpoints`;
    `resume` is one of them.
    """
    be_deterministic(seed)
    pixels = learn.tensors[0]
    network = DigitNetwork(side=pixels.shape[-1], largest=float(pixels.max()))
    callbacks: list[Callback] = [Recorder(record)]
    if checkpoints is not None:
        callbacks.append(
            ModelCheckpoint(checkpoints, filename="{epoch:03d}", save_top_k=-1, save_on_train_epoch_end=True)
        )
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        deterministic=True,
        max_epochs=epochs,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=checkpoints is not None,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    order = EpochOrder(len(learn), seed)
    batches = DataLoader(learn, batch, sampler=order), DataLoader(validate, 256)
    trainer.fit(Learner(network, rate), *batches, ckpt_path=resume, weights_only=True)
    return network
