# -*- coding: utf-8 -*-
import click
import pandas as pd


@click.command()
@click.argument('input_filepath', type=click.Path(exists=True))
@click.argument('output_filepath', type=click.Path())
def main(input_filepath, output_filepath):
    pd.read_csv(input_filepath + '/rentals.csv').dropna().to_csv(output_filepath + '/rentals.csv')


if __name__ == '__main__':
    main()
