"""A Slurm of one node, in a temporary folder: munged, slurmctld, slurmd, stopped by their pids.

A requeued job waits for cred_expire before it starts again: 120 seconds unless told otherwise.
Needs root, and Debian's packages slurm-wlm and munge; they are installed only where CI=true or
ADAMREPRO_INSTALL_SLURM=1 allows it.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGES = ("slurm-wlm", "munge")
DAEMONS = ("munged", "slurmctld", "slurmd")
PATIENCE = 60.0

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={next_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
KillWait=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Say why there can be no Slurm here; "" when there can (installs it where that is allowed)."""
    if os.geteuid() != 0:
        return "needs root"
    if all(shutil.which(daemon) for daemon in DAEMONS):
        return ""
    if os.environ.get("CI") != "true" and os.environ.get("ADAMREPRO_INSTALL_SLURM") != "1":
        return "needs slurm-wlm and munge (ADAMREPRO_INSTALL_SLURM=1 lets the tests install them)"
    if not shutil.which("apt-get"):
        return "needs slurm-wlm and munge, and there is no apt-get to install them"
    return install()


def install() -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    get = ["apt-get", "-q", "-y", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    for what in (["update"], ["install", "--no-install-recommends", *PACKAGES]):
        try:
            done = subprocess.run(
                [*get, *what], env=environment, capture_output=True, text=True, timeout=240
            )
        except subprocess.TimeoutExpired:
            return f"apt-get {what[0]} took too long"
        if done.returncode:
            said = (done.stderr.strip() or "no message").splitlines()[-1]
            return f"apt-get {what[0]} failed: {said}"
    absent = [daemon for daemon in DAEMONS if not shutil.which(daemon)]
    return f"{', '.join(absent)}: not found after installing {PACKAGES}" if absent else ""


@contextmanager
def slurm_node(folder: Path) -> Iterator[dict[str, str]]:
    """Run the daemons in `folder`; yields the environment in which sbatch reaches them."""
    ports = free_ports()
    values = {"host": socket.gethostname(), "port": ports[0], "next_port": ports[1]}
    config = folder / "slurm.conf"
    config.write_text(CONFIG.format(folder=folder, **values))
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    munge = [f"--{part}={folder}/munge/{part}" for part in ("socket", "pid-file", "log-file")]
    seed = f"--seed-file={folder}/munge/seed"
    daemons = [
        ["munged", "--force", *munge, f"--key-file={key}", seed],
        ["slurmctld", "-f", str(config)],
        ["slurmd", "-f", str(config)],
    ]
    environment = {"SLURM_CONF": str(config)}
    pid_files = [folder / "munge" / "pid-file", folder / "slurmctld.pid", folder / "slurmd.pid"]
    try:
        for daemon, pid_file in zip(daemons, pid_files, strict=True):
            subprocess.run(daemon, check=True, capture_output=True, env=os.environ | environment)
            until(pid_file.exists, f"{daemon[0]} wrote no {pid_file}")
        until(lambda: is_idle(environment), f"no idle node; see {folder}/slurmctld.log")
        yield environment
    finally:
        command = ["scancel", f"--user={os.getuid()}", "--signal=KILL", "--full"]
        subprocess.run(command, capture_output=True, env=os.environ | environment)
        for pid_file in reversed(pid_files):
            stop(pid_file)


def is_idle(environment: dict[str, str]) -> bool:
    command = ["sinfo", "--noheader", "--format=%t", "--partition=debug"]
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    return said.stdout.strip() == "idle"


def free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in (one, other)]


def stop(pid_file: Path) -> None:
    """End the daemon that wrote this file, and wait for it."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{pid}").exists(), f"process {pid} does not end")


def until(condition: Callable[[], object], complaint: str, patience: float = PATIENCE) -> None:
    """Wait for a condition; fails with the complaint."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.05)
