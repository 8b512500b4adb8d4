"""Dtypes, devices, complex numbers and layouts of memory, for every class."""

import copy
from functools import partial

import pytest
import torch
from torch import nn
from twins import CLASSES, SHAPES, assert_same, give_gradients, tensors, walk

from adamrepro.torch_optim import rows

every_class = pytest.mark.parametrize("name", CLASSES)


@every_class
@pytest.mark.parametrize("maximize", [False, True])
def test_complex_parameters_are_pairs_of_reals(name: str, maximize: bool) -> None:
    make = partial(CLASSES[name], weight_decay=0.1, maximize=maximize)
    z = nn.Parameter(torch.randn(3, 4, dtype=torch.complex64))
    pairs = nn.Parameter(torch.view_as_real(z.detach()).clone())
    small, beside = tensors((2,)), tensors((2,))
    optimizer, other = make([z, *small]), make([pairs, *beside])
    for t in range(1, 5):
        z.grad = torch.randn(3, 4, dtype=torch.complex64)
        pairs.grad = torch.view_as_real(z.grad)
        give_gradients(small, t)
        give_gradients(beside, t)
        optimizer.step()
        other.step()
    assert torch.equal(torch.view_as_real(z), pairs)
    assert torch.equal(small[0], beside[0])
    for key in CLASSES[name].translation.keys.values():
        assert optimizer.state[z][key].dtype is torch.complex64


@every_class
def test_dtypes_together(name: str) -> None:
    """One group may hold parameters of every dtype; each goes as it would alone."""
    dtypes = [torch.float32, torch.bfloat16, torch.float64, torch.float16, torch.float32]
    together = [tensors((3, 2), dtype=dtype)[0] for dtype in dtypes]
    alone = [tensors((3, 2), dtype=dtype) for dtype in dtypes]
    walk(CLASSES[name], 4, together)
    for p, (q,) in zip(together, alone, strict=True):
        optimizer = CLASSES[name]([q])
        for t in range(1, 5):
            give_gradients(together, t)  # draws the same numbers in the same order
            assert p.grad is not None
            q.grad = p.grad.clone()
            optimizer.step()
        assert torch.equal(p, q)


@every_class
@pytest.mark.parametrize("small", [1, 10**6])
def test_any_memory_layout(name: str, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transposed, channels last, a gradient laid out otherwise, a slice of a larger tensor."""
    monkeypatch.setattr(rows, "SMALL", {"cpu": small, "elsewhere": small})
    values = torch.randn(4, 6, 3, 3)
    whole = torch.randn(8, 6, 3, 3)
    whole[::2] = values
    layouts = [
        values.clone(),
        values.transpose(0, 1).contiguous().transpose(0, 1),
        values.to(memory_format=torch.channels_last),
        whole[::2],
    ]
    for layout in layouts:
        p = nn.Parameter(layout)
        optimizer = CLASSES[name]([p, *tensors((2,))])
        for t in range(1, 4):
            g = torch.randn(4, 6, 3, 3, generator=torch.Generator().manual_seed(t))
            p.grad = g.transpose(0, 1).contiguous().transpose(0, 1) if t % 2 else g
            optimizer.step()
        if layout is layouts[0]:
            expected = p.detach().clone()
        torch.testing.assert_close(p.detach(), expected, rtol=1e-6, atol=1e-6)
        assert p.stride() == layout.stride()


@every_class
def test_parameters_keep_their_memory(name: str) -> None:
    """Views of a parameter, and a storage that was replaced, see the step."""
    parameters = tensors((3, 4), (200, 200))
    views = [p.detach()[0] for p in parameters]
    optimizer = CLASSES[name](parameters, lr=0.5)
    give_gradients(parameters, 1)
    optimizer.step()
    for p, view in zip(parameters, views, strict=True):
        assert torch.equal(p[0], view)
    left = [view.clone() for view in views]
    for p in parameters:
        p.data = p.data.clone() + 1
    before = [p.detach().clone() for p in parameters]
    optimizer.step()
    assert all((p != b).any() for p, b in zip(parameters, before, strict=True))
    assert torch.equal(views[0], left[0])


@every_class
def test_small_parameters_share_their_state_tensors(name: str) -> None:
    """So that a step need not gather them; also after loading and copying."""
    parameters = tensors(*[(3, 2)] * 5)
    optimizer = CLASSES[name](parameters)
    give_gradients(parameters, 1)
    optimizer.step()
    loaded = CLASSES[name](parameters)
    loaded.load_state_dict(optimizer.state_dict())
    copied = copy.deepcopy(optimizer)
    for one in (optimizer, loaded, copied):
        for key in CLASSES[name].translation.keys.values():
            entries = [one.state[p][key] for p in one.param_groups[0]["params"]]
            whole = rows.shared_by(entries)
            assert whole is not None
            assert torch.equal(whole, torch.cat([entry.flatten() for entry in entries]))


@every_class
def test_small_parameters_are_gathered_into_one_place_from_step_to_step(name: str) -> None:
    """Until others than before have a gradient; a copy has a place of its own."""
    parameters = tensors((3, 2), (4,), (5,))
    optimizer = CLASSES[name](parameters)
    places = []
    for moving in (3, 3, 2, 2):
        give_gradients(parameters, 1)
        for p in parameters[moving:]:
            p.grad = None
        optimizer.step()
        places.append(list(optimizer.scratch.values()))
    assert places[0] == places[1]
    assert places[2] == places[3]
    assert places[1] != places[2]
    assert copy.deepcopy(optimizer).scratch == {}
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.scratch == {}


def test_neighbours_in_other_storages_are_not_shared() -> None:
    """Views that follow each other by address alone do not make one tensor."""
    backing = torch.zeros(8)
    one = torch.frombuffer(backing.numpy(), dtype=torch.float32, count=4)
    two = torch.frombuffer(backing.numpy(), dtype=torch.float32, count=4, offset=16)
    assert one.data_ptr() + 16 == two.data_ptr()
    assert rows.shared_by([one, two]) is None
    assert rows.shared_by([backing[:4], backing[4:]]) is not None
    assert rows.shared_by([backing[4:], backing[:4]]) is None


@pytest.mark.gpu
@every_class
@pytest.mark.parametrize("compiled", [False, True])
def test_devices_together(name: str, compiled: bool) -> None:
    """A group may hold parameters on the CPU and on a GPU; both go the same way."""
    here, there = tensors(*SHAPES, (300, 300)), tensors(*SHAPES, (300, 300))
    mixed = [nn.Parameter(p.detach().to("cuda" if i % 2 else "cpu")) for i, p in enumerate(there)]
    one, other = CLASSES[name](here), CLASSES[name](mixed, compiled=compiled)
    for t in range(1, 6):
        give_gradients(here, t)
        for p, q in zip(here, mixed, strict=True):
            assert p.grad is not None
            q.grad = p.grad.to(q.device)
        one.step()
        other.step()
    assert_same(here, [p.cpu() for p in mixed], rtol=1e-5, atol=1e-6)
