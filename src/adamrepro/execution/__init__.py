"""How planned populations are executed: here, in worker processes, or on a cluster."""

from adamrepro.execution.batch import run_batch
from adamrepro.execution.cluster.settings import Cluster

__all__ = ["Cluster", "run_batch"]
