"""`make docs`: docs/schemas/*.json, the JSON schemas of the requests and results of `surveil.app`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

import surveil.app

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"


def schemas() -> dict[str, str]:
    """File name to content, as they should be."""
    kinds = [kind for name in surveil.app.__all__ if _is_model(kind := getattr(surveil.app, name))]
    return {f"{kind.__name__}.json": json.dumps(_schema(kind), indent=2) + "\n" for kind in kinds}


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


if __name__ == "__main__":
    main()
