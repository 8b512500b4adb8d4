"""How much memory a worker takes, data set, compiled update and clean costs included."""

import subprocess
import sys
from pathlib import Path

import pytest

from adamrepro.optim import can_compile

MOST_GB = 3.0
MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # kilobytes, of the largest
"""

ONCE = "seeds.confirm=[]"
# the series with the most members or, of those with one each, the rule with the most state
LARGEST = {
    "fig1b": ["series=SGDNesterov+dropout", ONCE],
    "fig2a": ["series=Adam", "optimizer.alpha=0.001", ONCE],
    "fig3": ["series=Adam+dropout", "optimizer.alpha=0.001", ONCE],
    "fig4": ["series=corrected", "optimizer.alpha=0.001", "optimizer.beta1=0.9"],
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes elsewhere are bytes")
@pytest.mark.parametrize("experiment", LARGEST)
def test_a_worker_takes_less_than_3_gb(experiment: str, tmp_path: Path) -> None:
    """Whole grids for one pass; 1,000 examples fill a chunk of the clean costs."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", MEASURE, "-m", "adamrepro", "train", "-m"),
            *(f"experiment={experiment}", "budget=full", *LARGEST[experiment]),
            *("training.epochs=1", f"execution.compile={'on' if can_compile() else 'off'}"),
            *("dataset.examples=1000", "data.stand_in=true", "data.download=false"),
            *(f"results={tmp_path}", "execution.workers=1", "execution.device=cpu"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(done.stdout.split()[-1]) / 1e6 < MOST_GB


KEPT = """
import torch
from adamrepro.runs.machine import return_freed_memory, set_up_process

def resident():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * 4096 / 2**20

set_up_process(threads=1)
before = resident()
large = [torch.ones(2**18) for _ in range(256)]
held = large[::32]
del large
kept = resident() - before
return_freed_memory()
print(kept, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc, /proc")
def test_what_a_population_freed_is_given_back_to_the_system() -> None:
    """Of 256 MB, all but 8 are free; glibc keeps them for the next step, not for the next run."""
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True)
    kept, after = map(float, done.stdout.split())
    assert kept > 200
    assert after < 60
