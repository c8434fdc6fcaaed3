#!/usr/bin/env python
import argparse
import os

import torch
import yaml

from seg.dataset import Tiles
from seg.unet import build


def parse_args():
    p = argparse.ArgumentParser()
    p.add_argument("--config", type=str, default="configs/unet.yaml")
    p.add_argument("--save-dir", type=str, default="checkpoints")
    p.add_argument("--resume", action="store_true")
    return p.parse_args()


def main(args):
    cfg = yaml.safe_load(open(args.config))
    net = build(cfg["encoder"])
    for epoch in range(cfg["epochs"]):
        torch.save(net.state_dict(), os.path.join(args.save_dir, "last.pt"))


if __name__ == "__main__":
    main(parse_args())
