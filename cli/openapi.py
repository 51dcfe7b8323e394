"""`roundsman openapi`: the description of the REST interface."""

import json

import typer

app = typer.Typer(add_completion=False, help="Print the OpenAPI document; nothing is started.")


@app.command()
def show() -> None:
    """Print the OpenAPI document as JSON."""
    from api.app import create_app

    print(json.dumps(create_app(None).openapi(), ensure_ascii=False, indent=2, sort_keys=True))
