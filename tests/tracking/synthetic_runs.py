"""Rows of the tables, made up, for tests that need no training."""

from adamrepro.results.rows import Row

EPOCHS = 3


def run_row(run_id: str = "aaaa00000001", **changes: str) -> Row:
    row = {
        "run_id": run_id,
        "setting_id": "bbbb00000001",
        "experiment": "fig1a",
        "series": "Adam",
        "reading": "",
        "role": "grid",
        "status": "done",
        "diverged_epoch": "",
        "dataset.name": "mnist",
        "dataset.examples": "",
        "optimizer.name": "adam",
        "optimizer.alpha": "0.001",
        "optimizer.beta1": "0.9",
        "optimizer.beta2": "0.999",
        "optimizer.bias_correction": "true",
        "training.epochs": str(EPOCHS),
        "seed": "0",
        "data_source": "canonical",
        "data_sha": "0123456789ab",
        "seconds": "1.5",
        "device": "cpu",
        "threads": "1",
        "torch": "2.14.1",
        "commit": "1234567890",
    }
    return row | changes


def curve_rows(epochs: int = EPOCHS) -> list[Row]:
    blank = {"train_objective": "", "test_error": "", "test_nll": "2.4"}
    start = {"epoch": "0", "train_cost": "", "train_nll": "2.30259", **blank}
    passes = [
        {"epoch": str(k), "train_cost": f"{1 / k:.6g}", "train_nll": f"{0.9 / k:.6g}", **blank}
        for k in range(1, epochs + 1)
    ]
    return [start, *passes]
