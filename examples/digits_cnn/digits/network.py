"""The network: two convolution blocks and two dense layers, as a module of torch and as a file of weights."""

import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

CLASSES = 10
CHANNELS = (16, 32)


def block(before: int, after: int) -> nn.Sequential:
    """Convolution, normalisation, ReLU, and half the height and width."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


class DigitNetwork(nn.Module):
    """Square images of `side` pixels, batch x height x width, to ten logits.

    `largest` is the brightest pixel of the training rows; it is kept with the weights, so predictions scale alike.
    """

    largest: torch.Tensor

    def __init__(self, side: int, largest: float) -> None:
        super().__init__()
        self.side = side
        self.register_buffer("largest", torch.tensor(float(largest)))
        self.convolutions = nn.Sequential(block(1, CHANNELS[0]), block(CHANNELS[0], CHANNELS[1]))
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(CHANNELS[1] * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, CLASSES)
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits, batch x classes."""
        return self.dense(self.convolutions((pixels.float() / self.largest).unsqueeze(1)))

    def predictions(self, pixels: torch.Tensor) -> list[dict]:
        """Digit and probability of every digit of each image, as files and the serving application have them.

        Each image goes through alone: of a batch, the last bits would depend on what else is in it.
        """
        torch.set_num_threads(1)
        with torch.inference_mode():
            rows = [self(image).double().softmax(dim=1)[0].tolist() for image in pixels.split(1)]
        return [
            {"prediction": values.index(max(values)), **{f"probability_{n}": value for n, value in enumerate(values)}}
            for values in rows
        ]


def save(network: DigitNetwork, path: Path) -> None:
    """Writes the weights as safetensors: sorted, without times and paths, so equal weights are equal bytes."""
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, path)


def load(path: Path) -> DigitNetwork:
    """The network of a file of weights, ready to predict."""
    weights = load_file(path)
    side = 4 * math.isqrt(weights["dense.1.weight"].shape[1] // CHANNELS[1])
    network = DigitNetwork(side, float(weights["largest"]))
    network.load_state_dict(weights)
    return network.eval()
