"""How planned populations are executed: here, in worker processes, or on a cluster."""

from adamrepro.execution.batch import RunsFailed, run_batch
from adamrepro.execution.cluster.settings import Cluster
from adamrepro.execution.report import Stopped

__all__ = ["Cluster", "RunsFailed", "Stopped", "run_batch"]
