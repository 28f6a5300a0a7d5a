"""TensorBoard reads the curves and settings of a run: every step once, also where a run was killed and went on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import mlm


def test_tensorboard_shows_every_step_once_after_a_kill(arrow_file, tmp_path):
    output = tmp_path / "run"
    train = ("train", arrow_file, "--model", "bert-tiny", "--output", output, "--max-steps", 6)
    train += ("--batch-size", 8, "--save-every", 2, "--keep", 0, "--eval-every", 3)
    mlm(*train)
    # As a kill after step 6 leaves it: the file of events knows steps that the run goes through again.
    (output / "trainer_state.json").unlink()
    shutil.rmtree(output / "checkpoint-6")
    mlm(*train, "--resume")
    assert len(list(output.glob("events.out.tfevents.*"))) == 2

    reader = Path(__file__).with_name("read_events.py")
    found = json.loads(subprocess.check_output([sys.executable, "-I", reader, output]))
    assert found["hparams"] == json.loads((output / "trainer_state.json").read_text())["recipe"]
    scalars = found["scalars"]
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    # Lines of an evaluation say their epoch too, and have no scalar of it.
    steps = [line for line in lines if "loss" in line]
    evaluations = [line for line in lines if "eval_loss" in line]
    curves = {f"train/{name}": (name, steps) for name in ("loss", "learning_rate", "gradient_norm", "epoch")}
    for tag, (name, of) in {**curves, "eval/loss": ("eval_loss", evaluations)}.items():
        written = [(line["step"], line[name]) for line in of]
        assert [step for step, _ in scalars[tag]] == [step for step, _ in written]
        assert [value for _, value in scalars[tag]] == pytest.approx([value for _, value in written], rel=1e-6)
