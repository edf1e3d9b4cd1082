"""Where work on a long video stands, as bytes: enough to go on from there exactly as if it had not been interrupted.

The bytes are a NumPy archive without pickles, so that nothing in a shared database can run code.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from surveil.types import State

_ARRAY = "\0array"
"""Stands for an array in the JSON; no key of a state begins like this."""


def pack(state: State) -> bytes:
    """A state as bytes; no value is rounded."""
    arrays: dict[str, Any] = {}

    def outside(value: object) -> dict[str, str]:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"a state cannot hold a {type(value).__name__}")
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}

    text = json.dumps(state, default=outside).encode()
    file = io.BytesIO()
    np.savez_compressed(file, state=np.frombuffer(text, np.uint8), **arrays)
    return file.getvalue()


def unpack(packed: bytes) -> State:
    """The state that was packed.

    Raises:
        ValueError: The bytes are damaged, or come from something else.
    """
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:

            def inside(values: dict[str, Any]) -> Any:
                return archive[values[_ARRAY]] if _ARRAY in values else values

            state: State = json.loads(archive["state"].tobytes(), object_hook=inside)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a resume point: {error}") from error
    return state
