"""Results as the web gives them: the library's own, with addresses in place of paths of this machine."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def public(result: BaseModel) -> Any:
    """The JSON of a result; crops are addresses, and footage is its file's name without its folder."""
    return _public(result.model_dump(mode="json"))


def _public(value: Any) -> Any:
    if isinstance(value, list):
        return [_public(part) for part in value]
    if not isinstance(value, dict):
        return value
    shown = {name: _public(part) for name, part in value.items()}
    if "sighting" in shown and shown.get("crop"):
        shown["crop"] = f"/sightings/{shown['sighting']}/crops/0.jpg"
    if "match" in shown and isinstance(shown.get("crops"), list):
        sighting = shown["match"]["sighting"]
        shown["crops"] = [f"/sightings/{sighting}/crops/{place}.jpg" for place in range(len(shown["crops"]))]
    if "taken" in shown and "picture" in shown:
        shown["crop"] = example_link(shown["picture"])
    for name in ("footage", "path"):
        if isinstance(shown.get(name), str):
            shown[name] = shown[name].rpartition("/")[2]
    return shown


def example_link(example: str) -> str | None:
    """The address of the picture of an example."""
    kind, _, name = example.partition(":")
    return {
        "sighting": f"/sightings/{name}/crops/0.jpg",
        "identity": f"/identities/{name}/picture.jpg",
        "picture": f"/pictures/{name}.jpg",
        "person": f"/pictures/{name}.jpg",
    }.get(kind)
