import pytest
import torch

from adamrepro.optim.sfo import SFO, largest_subfunctions, memory, memory_needed

MLP = 1_796_010


def test_subspace_is_linear_in_subfunctions():
    needed = [memory_needed(MLP, n) for n in (25, 50, 100)]
    assert needed[2] - needed[1] == pytest.approx(2 * (needed[1] - needed[0]), rel=0.01)
    assert needed[0] == pytest.approx(8 * 78 * MLP, rel=0.1)


@pytest.mark.parametrize("subfunctions", [1, 7, 25, 300])
def test_the_largest_number_that_fits(subfunctions):
    available = memory_needed(MLP, subfunctions)
    # up to N = L the subspace, and with it the need, hardly depends on N
    assert largest_subfunctions(MLP, available) >= subfunctions
    assert largest_subfunctions(MLP, available - 1) < max(subfunctions, 11)
    assert largest_subfunctions(MLP, 1000) == 0


def test_estimate_covers_what_is_allocated():
    n, m = 15, 3000

    def cost(theta, index):
        return (theta - index).square().sum(), 2 * (theta - index)

    optimizer = SFO(cost, torch.zeros(m, dtype=torch.float64), range(n))
    held = []

    def collect(thing):
        for value in vars(thing).values():
            if isinstance(value, torch.Tensor):
                held.append(value.numel() * value.element_size())
            elif hasattr(value, "__dict__") and type(value).__module__.startswith("adamrepro"):
                collect(value)

    for part in (optimizer._surrogate, optimizer._evaluate):
        collect(part)
    assert 0.7 * memory_needed(m, n) < sum(held) < memory_needed(m, n)
    assert optimizer.bytes == sum(held)


def test_too_little_memory_says_how_many_fit():
    limit = memory_needed(1000, 40)
    with pytest.raises(MemoryError, match=r"60 subfunctions of 1,000 .* at most 40 fit"):
        SFO(lambda theta, index: (0.0, theta), torch.zeros(1000), range(60), memory_limit=limit)
    with pytest.raises(MemoryError, match="not even one"):
        SFO(lambda theta, index: (0.0, theta), torch.zeros(1000), range(60), memory_limit=10)


def test_the_machine_says_what_it_has():
    assert memory.available_memory(torch.device("cpu")) > 2**20
    assert memory.available_memory(torch.device("meta")) is None


def test_a_control_group_narrows_it(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("2000\n")
    (tmp_path / "memory.stat").write_text("anon 1400\ninactive_file 600\n")
    group = (tmp_path, "memory.max", "memory.current", "inactive_file")
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", (group,))
    assert memory.available_memory(torch.device("cpu")) == 3600
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_memory(torch.device("cpu")) > 2**20
