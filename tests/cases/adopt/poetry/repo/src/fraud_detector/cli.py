import typer

app = typer.Typer()


@app.command()
def score(path: str) -> None:
    print(path)
