"""What all tests share: one thread, denormals kept, examples that are the same in every run."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

# a red test must be red again tomorrow; `--hypothesis-profile=search` looks for new examples
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("repeatable")

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what training sets up for its whole process, and forget the developer's own paths."""
    monkeypatch.delenv("ADAMREPRO_TRACEBACK", raising=False)
    yield
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
