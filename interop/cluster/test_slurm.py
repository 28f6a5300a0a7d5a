"""examples/slurm.sh on Slurm, a controller and a daemon of our own: an array's parts join to the bytes of one run."""

import os
import resource
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import mlm
from streams import EXAMPLES

FSIZE, LIMIT = resource.RLIMIT_FSIZE, (900_000, 900_000)  # its schema alone takes 0.8 MB, a unit some 50 KB


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(folder: Path) -> str:
    """No control groups and no accounts, so that it runs in a container; a node of eight processors, whatever is there."""
    host = socket.gethostname()
    return f"""
ClusterName=lane
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The environment of Slurm's commands."""
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    (folder / "slurm.conf").write_text(configuration(folder))
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    daemons = [
        ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *files],
        ["slurmctld", "-D"],
        ["slurmd", "-D", "-N", "node"],
    ]
    running = []
    try:
        for command in daemons:
            with open(folder / f"{command[0]}.out", "wb") as out:
                running.append(subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT))
            if command[0] == "munged":
                wait_until(lambda: (folder / "munge.socket").exists(), folder)
        states = ["sinfo", "--noheader", "--format=%T"]
        wait_until(lambda: b"idle" in subprocess.run(states, env=environment, capture_output=True).stdout, folder)
        yield environment
    finally:
        subprocess.run(["scancel", "--user=root"], env=environment)
        for process in reversed(running):
            process.terminate()
            process.wait(20)


def wait_until(holds, folder: Path) -> None:
    for _ in range(120):
        if holds():
            return
        time.sleep(0.5)
    raise AssertionError("\n".join(f"{out.name}: {out.read_text()[-2000:]}" for out in folder.glob("*.out")))


def sbatch(environment: dict, folder: Path, *arguments: object) -> str:
    """Submits a job, waits for it, and returns what its tasks wrote; a job that fails is an error."""
    log = folder / "%j-%a.log"
    command = ["sbatch", "--wait", f"--output={log}", f"--chdir={folder}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    written = "\n".join(path.read_text() for path in sorted(folder.glob("*.log")))
    assert done.returncode == 0, f"{done.stderr}\n{written}"
    return written


@pytest.fixture(scope="module")
def one_run(corpus: Path, tmp_path_factory) -> bytes:
    target = tmp_path_factory.mktemp("one") / "out.arrow"
    mlm("preprocess", corpus, target)
    return target.read_bytes()


@pytest.mark.parametrize(("array", "tasks"), [("0-3", 4), ("5-9:2", 3)])
def test_an_array_merges_to_one_run(slurm, corpus, one_run, tmp_path, array, tasks):
    written = sbatch(slurm, tmp_path, f"--array={array}", EXAMPLES / "slurm.sh", corpus, "out.arrow")
    parts = sorted(path.name for path in tmp_path.glob("*.arrow"))
    assert parts == [f"out.part-{rank:05}-of-{tasks:05}.arrow" for rank in range(tasks)]
    assert "SLURM_ARRAY_TASK_ID=" in written  # each task says by what it took its part
    sbatch(slurm, tmp_path, "--wrap", f"mlm merge out.part-*-of-{tasks:05}.arrow out.arrow")
    assert (tmp_path / "out.arrow").read_bytes() == one_run


def test_a_requeued_task_goes_on_where_it_stopped(slurm, corpus, one_run, tmp_path):
    # A limit on the size of files stops the first part of two after a unit.
    part = ["mlm", "preprocess", corpus, "out.arrow", "--rank", "0", "--world-size", "2", "--workers", "1"]
    stopped = subprocess.run(part, cwd=tmp_path, capture_output=True, preexec_fn=lambda: resource.setrlimit(FSIZE, LIMIT))
    assert stopped.returncode == 1, stopped.stderr
    journal = tmp_path / "out.part-00000-of-00002.arrow.partial/journal.jsonl"
    assert len(journal.read_text().splitlines()) > 1  # the job, and units
    # Without --resume, mlm refuses to write where an interrupted run has left something.
    sbatch(slurm, tmp_path, "--array=0-1", EXAMPLES / "slurm.sh", corpus, "out.arrow")
    sbatch(slurm, tmp_path, "--wrap", "mlm merge out.part-*-of-00002.arrow out.arrow")
    assert (tmp_path / "out.arrow").read_bytes() == one_run


def test_without_the_option_a_task_says_that_there_is_one(slurm, corpus, tmp_path):
    written = sbatch(slurm, tmp_path, "--array=0", "--wrap", f"mlm preprocess {corpus} out.arrow")
    assert "--rank slurm-array" in written
    assert (tmp_path / "out.arrow").exists()


def test_tasks_of_srun_divide_the_work_by_themselves(slurm, corpus, one_run, tmp_path):
    sbatch(slurm, tmp_path, "--ntasks=2", "--wrap", f"srun mlm preprocess {corpus} out.arrow")
    sbatch(slurm, tmp_path, "--wrap", "mlm merge out.part-*-of-00002.arrow out.arrow")
    assert (tmp_path / "out.arrow").read_bytes() == one_run
