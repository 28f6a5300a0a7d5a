"""What `toOnnx` writes loads in Python's onnxruntime and computes what numpy computes."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from conftest import node


@pytest.mark.parametrize("batch", [1, 7])
def test_a_traced_training_step_runs_in_python(batch, tmp_path):
    file = tmp_path / "step.onnx"
    node(Path(__file__).parent / "export_step.js", file)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    random = np.random.default_rng(3)
    x, y, weight = (random.normal(size=size).astype(np.float32) for size in ((batch, 3), (batch, 2), (3, 2)))
    loss, updated = session.run(["loss", "weight/next"], {"x": x, "y": y, "weight": weight})

    output = np.tanh(x @ weight)
    gradient = x.T @ (2 * (output - y) / output.size * (1 - output**2))
    assert loss == pytest.approx(np.mean((output - y) ** 2), rel=1e-5)
    np.testing.assert_allclose(updated, weight - 0.1 * gradient, rtol=1e-4, atol=1e-6)
