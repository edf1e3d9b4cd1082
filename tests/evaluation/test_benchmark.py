"""A benchmark as it is asked for: what does not go together, and the command that measures the same again."""

import shlex

import pytest

from surveil.cli import surveil
from surveil.errors import SurveilError
from surveil.evaluation.benchmark import Market1501Request


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speed": True, "device": "cuda"}, "speed is compared on the CPU"),
        ({"speed": True, "device": "cuda:1"}, "Give --device cpu"),
        ({"protocol": "paper", "reranked": True}, "belong to the official protocol"),
        ({"protocol": "paper", "mirrored": True}, "belong to the official protocol"),
        ({"protocol": "paper", "speed": True}, "belong to the official protocol"),
        ({"protocol": "paper", "models": (None, "resnet34-attention")}, "takes one model"),
        ({"protocol": "paper", "models": ("peer.onnx",)}, "and no peer"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_loaded(tmp_path, values, message):
    with pytest.raises(SurveilError, match=message):
        Market1501Request(tmp_path, **values).check()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"reranked": True, "mirrored": True, "speed": True, "device": "cpu"},
        {"models": ("a.xml", "b.onnx", None)},
        {"protocol": "paper"},
    ],
)
def test_what_goes_together_is_accepted(tmp_path, values):
    Market1501Request(tmp_path, **values).check()


@pytest.mark.parametrize(
    ("values", "names", "expected"),
    [
        ({}, ["osnet-attention"], {"models": ("osnet-attention",)}),
        (
            {"models": ("/w/my model.safetensors",), "protocol": "paper", "device": "cpu", "runtime": "torch"},
            ["mine"],
            {"models": ("/w/my model.safetensors",), "protocol": "paper", "device": "cpu", "runtime": "torch"},
        ),
        (
            {"models": (None, "peer.xml"), "peer_input": "rgb-imagenet", "reranked": True, "speed": True},
            ["osnet-attention", "peer"],
            {"models": ("osnet-attention", "peer.xml"), "reranked": True, "speed": True},
        ),
    ],
)
def test_the_command_asks_for_the_same_again(tmp_path, values, names, expected):
    """Whatever defaults and settings are then: it is parsed by the command line itself."""
    dataset, out = tmp_path / "data set", tmp_path / "out"
    dataset.mkdir()
    words = shlex.split(Market1501Request(dataset, **values).command(names, out))
    assert words[:3] == ["surveil", "evaluate", "market1501"]
    command = surveil.get_command(None, "evaluate").commands["market1501"]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert words[3] == str(dataset)
    given = [words[i + 1] for i, word in enumerate(words) if word == "--model"]
    assert tuple(given) == expected["models"]
    assert ("--peer-input" in words) == any(name.endswith((".xml", ".onnx")) for name in given)
    assert ("--rerank" in words) == expected.get("reranked", False)
    assert ("--speed" in words) == expected.get("speed", False)
    assert words[words.index("--device") + 1] == expected.get("device", "auto")
    assert words[words.index("--protocol") + 1] == expected.get("protocol", "official")
    assert words[-2:] == ["--out", str(out)]
