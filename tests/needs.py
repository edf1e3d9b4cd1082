"""What some tests need that is not installed everywhere."""

import importlib.util

import pytest

needs_openvino = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")
