"""W&B's offline files, read back with W&B's own record definitions.

The library has no reader in Python any more (wandb-core, a program, reads the files for `wandb
sync`; see wandb_server.py). The framing below is the published one: leveldb's log format behind a
header of seven bytes; what it frames is decoded by wandb.proto.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb_core import settle

BLOCK, FRAME = 1 << 15, struct.Struct("<IHB")  # checksum, length, kind
FULL, LAST = 1, 4


@dataclass
class OfflineRun:
    id: str = ""
    name: str = ""
    group: str = ""
    job_type: str = ""
    project: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)  # metric -> its step metric
    sampled: bool = False  # whether there is anything about the machine
    exit_code: int | None = None


def offline_runs(folder: Path) -> dict[str, OfflineRun]:
    """Every run under W&B's folder, by id; a run with two sets of files is an error."""
    settle()
    found: dict[str, OfflineRun] = {}
    for path in sorted(folder.glob("offline-run-*/run-*.wandb")):
        run = read(path)
        assert run.id not in found, f"{run.id} has two sets of files"
        found[run.id] = run
    return found


def read(path: Path) -> OfflineRun:
    from wandb.proto.wandb_internal_pb2 import Record

    run = OfflineRun()
    for content in frames(path.read_bytes()):
        record = Record.FromString(content)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            said = record.run
            run.id, run.name, run.group = said.run_id, said.display_name, said.run_group
            run.job_type, run.project = said.job_type, said.project
            run.tags = list(said.tags)
            run.config |= {item.key: json.loads(item.value_json) for item in said.config.update}
        elif kind == "history":
            run.history.append(values(record.history.item))
        elif kind == "summary":
            run.summary |= values(record.summary.update)
        elif kind == "metric":
            run.metrics[record.metric.name or record.metric.glob_name] = record.metric.step_metric
        elif kind == "stats":
            run.sampled = True
        elif kind == "exit":
            run.exit_code = record.exit.exit_code
    return run


def values(items: Any) -> dict[str, Any]:
    return {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def frames(data: bytes) -> list[bytes]:
    assert data[:4] == b":W&B"
    at, found, parts = 7, [], b""
    while at + FRAME.size <= len(data):
        if BLOCK - at % BLOCK < FRAME.size:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = FRAME.unpack_from(data, at)
        if kind == 0:
            break
        parts += data[at + FRAME.size : at + FRAME.size + length]
        at += FRAME.size + length
        if kind in (FULL, LAST):
            found.append(parts)
            parts = b""
    return found
