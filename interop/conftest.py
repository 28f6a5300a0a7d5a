"""What the tests share: the command line, a small corpus, and the data and checkpoint that mlm makes of it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parent.parent
SEQUENCE_LENGTH = 64


def node(script: Path, *arguments: object, stdin: bytes | None = None) -> bytes:
    """Runs a Node script and returns its standard output; its standard error becomes the failure's message."""
    done = subprocess.run(["node", str(script), *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, f"{script.name} {arguments} exited {done.returncode}\n{done.stderr.decode()}"
    return done.stdout


def mlm(*arguments: object) -> bytes:
    return node(ROOT / "packages/cli/bin/mlm.js", *arguments)


def mlm_json(*arguments: object) -> dict:
    return json.loads(mlm(*arguments, "--json").decode().strip().splitlines()[-1])


def pytest_terminal_summary(terminalreporter, exitstatus):
    """Ends with counts. A skipped test means that a peer is missing, which is a failure of this lane."""
    count = {kind: len(terminalreporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
    failed = count["failed"] + count["error"] + count["skipped"]
    terminalreporter.write_line(f"{count['passed']} passed, {failed} failed")


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """
    Some 300 KB of the demo's books. The first ones end with blank lines for megabytes, so that each is a work unit of its
    own: a shard ends with a unit.
    """
    folder = tmp_path_factory.mktemp("corpus")
    for index, book in enumerate(sorted((ROOT / "packages/cli/demo/corpus").glob("*.txt"))[:12]):
        blank_lines = "\n" * (3 << 20) if index < 3 else ""
        text = book.read_text(encoding="utf-8")[:25_000] + blank_lines
        (folder / book.name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def arrow_file(corpus, tmp_path_factory) -> Path:
    """`out.arrow`, its validation rows in `out.eval.arrow` beside it."""
    target = tmp_path_factory.mktemp("file") / "out.arrow"
    mlm("preprocess", corpus, target, "--sequence-length", SEQUENCE_LENGTH, "--eval-fraction", 0.2)
    return target


@pytest.fixture(scope="session")
def validation_file(arrow_file) -> Path:
    return arrow_file.with_name("out.eval.arrow")


@pytest.fixture(scope="session")
def dataset_folder(corpus, tmp_path_factory) -> Path:
    """`out/` with `train/` and `validation/`, several shards each: text of several work units, a shard a unit."""
    target = tmp_path_factory.mktemp("folder") / "out"
    cut = ["--sequence-length", SEQUENCE_LENGTH, "--eval-fraction", 0.2]
    mlm("preprocess", corpus, target, *cut, "--shard-size", 1)
    return target


@pytest.fixture(scope="session")
def checkpoint(arrow_file, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("checkpoint") / "bert-tiny"
    mlm("train", arrow_file, "--model", "bert-tiny", "--max-steps", 20, "--learning-rate", 1e-3, "--output", target)
    return target
