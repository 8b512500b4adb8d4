"""A server on this machine that answers W&B's client and keeps what it is told.

It stands in for W&B in both ways there: a run that is reported online, and offline files that
W&B's own reader (wandb-core, through `wandb sync`) reads and sends.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

KEY = "0123456789abcdef" * 2 + "5ec4e7ed"
"""An API key of the right form."""

STALL_SECONDS = 120.0
"""How long a stalled server leaves a request without an answer, unless the test ends before."""


class Told:
    """What the server was told, by run id, and what it says that it knew before."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.exit_code: dict[str, int] = {}
        self.known: dict[str, list[dict[str, Any]]] = {}
        self.refuse_runs = False
        self.stalled: threading.Event | None = None

    def answer(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        if name == "Viewer":
            return {"viewer": {"id": "v", "entity": "me", "username": "me", "flags": "{}"}}
        if name == "RunResumeStatus" and values["name"] in self.known:
            return {"model": project(values["name"], self.known[values["name"]])}
        if name == "UpsertBucket":
            run = self.runs.setdefault(values["name"], {})
            run |= {key: value for key, value in values.items() if value is not None}
            bucket = {"id": "b", "name": values["name"], "displayName": "", "config": "{}"}
            owner = {"id": "e", "name": run.get("entity", "me")}
            place = {"id": "p", "name": run["project"], "entity": owner}
            return {"upsertBucket": {"bucket": bucket | {"project": place}, "inserted": True}}
        if name == "CreateRunFiles":
            files = [{"name": f, "uploadUrl": self.url + "/upload/" + f} for f in values["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
        return {}

    def stream(self, run_id: str, content: dict[str, Any]) -> None:
        rows = self.history.setdefault(run_id, [])
        part = (content.get("files") or {}).get("wandb-history.jsonl")
        if part:
            del rows[max(0, part["offset"] - len(self.known.get(run_id, []))) :]
            rows += [json.loads(line) for line in part["content"]]
        if content.get("complete"):
            self.exit_code[run_id] = content["exitcode"]

    url = ""


def project(run_id: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    bucket = {
        "id": "b",
        "name": run_id,
        "displayName": run_id,
        "summaryMetrics": "{}",
        "logLineCount": 0,
        "historyLineCount": len(known),
        "eventsLineCount": 0,
        "historyTail": json.dumps([json.dumps(known[-1])]),
        "eventsTail": "[]",
        "config": "{}",
        "tags": [],
        "wandbConfig": '{"t": 1}',
    }
    return {"id": "p", "name": "p", "entity": {"id": "e", "name": "me"}, "bucket": bucket}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: Told

    def log_message(self, *arguments: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, answer = 200, {}
        stream = re.search(r"/([^/]+)/file_stream$", self.path)
        if self.path.endswith("/graphql"):
            asked = json.loads(body)
            if asked["operationName"] == "UpsertBucket" and self.told.refuse_runs:
                status, answer = 403, {"errors": [{"message": "permission denied"}]}
            else:
                values = asked.get("variables") or {}
                answer = {"data": self.told.answer(asked["operationName"], values)}
        elif stream:
            if self.told.stalled:
                self.told.stalled.wait(STALL_SECONDS)
            self.told.stream(stream[1], json.loads(body))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Serve, and let W&B's variables point here."""
    told = Told()
    handler = type("TellingHandler", (Handler,), {"told": told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("WANDB_BASE_URL", told.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.daemon_threads = True
        yield told
        if told.stalled:
            told.stalled.set()
        server.shutdown()
