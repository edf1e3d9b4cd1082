"""`make docs`: docs/schemas/*.json, the schemas of the requests and results of `surveil.app`, and docs/openapi.json."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

import surveil.app

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
OPENAPI = FOLDER.parent / "openapi.json"


def schemas() -> dict[str, str]:
    """File name to content, as they should be."""
    kinds = [kind for name in surveil.app.__all__ if _is_model(kind := getattr(surveil.app, name))]
    return {f"{kind.__name__}.json": json.dumps(_schema(kind), indent=2) + "\n" for kind in kinds}


def description() -> str:
    """The OpenAPI description of the API, as it should be written down."""
    from surveil.web.app import create_app
    from surveil.web.desk import Desk

    with surveil.app.open("sqlite:///never-opened.db") as archive:
        return json.dumps(create_app(Desk(archive)).openapi(), indent=1) + "\n"


def _schema(kind: type[BaseModel]) -> dict[str, object]:
    return kind.model_json_schema(mode="serialization")


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def main() -> None:
    """Write the schemas; those of kinds that are gone are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = schemas()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content)
    OPENAPI.write_text(description())


if __name__ == "__main__":
    main()
