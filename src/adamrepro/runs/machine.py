"""The machine that runs are trained on: its devices, and what is global in torch."""

import ctypes
import gc
import logging
import os
import platform
from functools import lru_cache
from pathlib import Path

import joblib
import torch

from adamrepro.errors import UserError
from adamrepro.results.machines import machine_id
from adamrepro.runs.config import RunConfig
from adamrepro.training import Precision

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's mallopt


def device_kind(config: RunConfig) -> str:
    """Return cpu, cuda or mps: what `auto` means here. A named one need not be on this machine.

    `auto` leaves mps to those who ask for it: it has no float64 for coefficients and sums.
    """
    name = config.execution.device
    return name if name != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def device_of(config: RunConfig) -> torch.device:
    """Return the device to train on; raises UserError for one that is not here."""
    name = device_kind(config)
    missing = (name == "cuda" and not torch.cuda.is_available()) or (
        name == "mps" and not torch.backends.mps.is_available()
    )
    if missing:
        raise UserError(f"execution.device={name}: not available here; use cpu or auto")
    return torch.device(name)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def gpu_memory() -> int | None:
    """Return the bytes of a GPU, the smallest of those here; None where there is none.

    All of it, not what is free: populations must come out the same while one is in training.
    """
    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    sizes = (torch.cuda.get_device_properties(gpu).total_memory for gpu in gpus)
    return min(sizes, default=None)


def cores() -> int:
    """Return the processor cores that this process may use: its own mask's and container's."""
    return int(joblib.cpu_count())


@lru_cache
def this_machine(device: torch.device) -> dict[str, str]:
    """Say what runs are trained on: a row of machines.csv."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    machine = {
        "processor": processor(),
        "cores": str(cores()),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "memory_gb": f"{memory / 1e9:.0f}",
        "gpu": device_name(device) if device.type == "cuda" else "",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    return {"machine": machine_id(machine), **machine}


def processor() -> str:
    """Return the name of the CPU, with family and model where the name alone says too little."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    said = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    name = said.get("model name") or platform.machine()
    number = [f"{key} {said[key]}" for key in ("cpu family", "model") if key in said]
    return f"{name} ({', '.join(number)})" if number else name


def set_up_torch(config: RunConfig) -> None:
    """Set what is global in torch: of the process, TF32, which kernels cuDNN may choose."""
    set_up_process(config.execution.threads)
    tf32 = config.training.precision is Precision.tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    # some of its convolutions add in an order that changes between runs: resuming would show it
    torch.backends.cudnn.deterministic = True


def set_up_process(threads: int) -> None:
    """Set what every process that trains shares, whatever it trains: threads, denormals, memory."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    # decaying state (0.9^t of RMSProp on rare words) ends in denormals, 10 times slower on CPUs
    torch.set_flush_denormal(True)
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def keep_freed_memory() -> None:
    """Let glibc reuse the memory of freed tensors instead of returning it to the system.

    Each step allocates the same large tensors anew; fresh pages are cleared by the system at first
    touch (measured: 18 % of a step of the ConvNet; nothing where tensors are small).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def return_freed_memory() -> None:
    """Give the system back what glibc kept: the next population may be of another size.

    A worker's second run of SFO on 100 minibatches held 12.7 GB, of which it used 4.4.
    """
    gc.collect()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
