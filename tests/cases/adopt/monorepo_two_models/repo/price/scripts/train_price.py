import click
import torch

from price.net import net


@click.command()
@click.option("--epochs", default=3)
@click.option("--model-path", default="weights/price.pt")
def main(epochs, model_path):
    torch.save(net().state_dict(), model_path)


if __name__ == "__main__":
    main()
