import argparse

import torch

from seg.unet import build

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", default="checkpoints/last.pt")
    args = parser.parse_args()
    state = torch.load(args.weights, map_location="cpu")
    net = build("resnet34")
    net.load_state_dict(state)
