import io
import pickle

import numpy as np
import pytest

from surveil.ingest.resume import pack, unpack


def test_what_is_packed_comes_back_exactly():
    random = np.random.default_rng(0)
    state = {
        "float": 0.1 + 0.2,
        "huge": 2**70,
        "none": None,
        "infinite": -np.inf,
        "text": "é\n",
        "yes": True,
        "tracks": [{"box": random.random(4, np.float32), "mean": random.random((8, 8))}, {"image": np.zeros((0, 3))}],
    }
    back = unpack(pack(state))
    assert {name: back[name] for name in back if name != "tracks"} == {
        name: state[name] for name in state if name != "tracks"
    }
    for track, expected in zip(back["tracks"], state["tracks"], strict=True):
        assert track.keys() == expected.keys()
        for name, array in expected.items():
            assert track[name].dtype == array.dtype
            np.testing.assert_array_equal(track[name], array)


def test_what_cannot_be_kept_exactly_is_refused():
    with pytest.raises(TypeError, match="cannot hold a set"):
        pack({"values": {1, 2}})


def test_damaged_bytes_are_refused():
    whole = pack({"frame": 1, "image": np.zeros((50, 50), np.uint8)})
    for damaged in (b"", b"text", whole[: len(whole) // 2]):
        with pytest.raises(ValueError, match="not a resume point"):
            unpack(damaged)


def test_a_pickle_is_never_run():
    file = io.BytesIO()
    np.savez(file, state=np.array([{"an": "object"}], object))
    for packed in (file.getvalue(), pickle.dumps({"frame": 1})):
        with pytest.raises(ValueError, match="not a resume point"):
            unpack(packed)
