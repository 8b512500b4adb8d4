import pytest
import torch

from adamrepro.optim.sfo import subspace
from adamrepro.optim.sfo.subspace import Subspace

CPU = torch.device("cpu")
M = 400


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def full(space, coordinates):
    out = torch.empty(M, dtype=torch.float64)
    space.displace(torch.zeros(M, dtype=torch.float64), coordinates, out=out)
    return out


def frame(space):
    return torch.stack([full(space, unit) for unit in torch.eye(space.size).double()])


def assert_orthonormal(space, tolerance):
    p = frame(space)
    torch.testing.assert_close(p @ p.T, torch.eye(space.size).double(), rtol=0, atol=tolerance)


def test_coordinates_give_the_vector_back():
    space = Subspace(M, 10, CPU)
    vectors = 100.0 * normal(6, M)
    coordinates = [space.include(vector) for vector in vectors]
    assert space.size == 6
    for vector, known in zip(vectors, coordinates, strict=True):
        torch.testing.assert_close(full(space, known), vector, rtol=0, atol=1e-11)
    assert_orthonormal(space, 1e-13)


@pytest.mark.parametrize("angle", [1e-1, 1e-3, 1e-6, 1e-9])
def test_a_vector_almost_inside_keeps_what_sticks_out(angle):
    space = Subspace(M, 10, CPU)
    a, b, c = normal(3, M)
    for vector in (a, b, a + b + angle * c):
        known = space.include(vector)
    assert space.size == 3
    torch.testing.assert_close(full(space, known), a + b + angle * c, rtol=0, atol=1e-13 * 40)
    assert_orthonormal(space, 1e-12)


def test_a_vector_inside_adds_nothing():
    space = Subspace(M, 10, CPU)
    a, b = normal(2, M)
    space.include(a)
    space.include(b)
    known = space.include(2.0 * a - 3.0 * b)
    assert space.size == 2
    torch.testing.assert_close(full(space, known), 2.0 * a - 3.0 * b, rtol=0, atol=1e-12)
    assert space.include(torch.zeros(M)).tolist() == [0.0, 0.0]


def test_collapse_keeps_what_it_is_told_to_and_works_in_place(monkeypatch):
    monkeypatch.setattr(subspace, "_BLOCK", 64)
    space = Subspace(M, 12, CPU)
    vectors = normal(12, M)
    vectors[7:] = vectors[:5] + 1e-2 * vectors[7:]
    coordinates = [space.include(vector) for vector in vectors]
    assert space.full
    keep = torch.stack([torch.nn.functional.pad(c, (0, 12 - len(c))) for c in coordinates[4:9]], 1)
    # a position a million times shorter than the gradients must survive as well
    keep[:, 1] *= 1e-6
    storage = space._rows.data_ptr()
    change = space.collapse(keep)
    assert space.size == 5
    assert not space.full
    assert space._rows.data_ptr() == storage
    for vector, known, scale in zip(vectors[4:9], keep.T, (1, 1e-6, 1, 1, 1), strict=True):
        again = full(space, change.T @ known)
        torch.testing.assert_close(again, scale * vector, rtol=0, atol=1e-10 * scale)
    assert_orthonormal(space, 1e-11)


def test_orthonormal_after_many_collapses_of_similar_vectors():
    # what the error grows with: each vector lies mostly along the previous ones
    space = Subspace(M, 9, CPU)
    latest = []
    base = normal(M)
    for turn in range(300):
        if space.full:
            change = space.collapse(torch.stack(latest[-4:], 1))
            latest = [change.T @ known for known in latest[-4:]]
        base = base + 0.02 * normal(M, seed=turn)
        known = space.include(base)
        latest = [torch.nn.functional.pad(v, (0, space.size - len(v))) for v in latest] + [known]
        torch.testing.assert_close(full(space, known), base, rtol=0, atol=1e-10)
    assert_orthonormal(space, 1e-10)


def test_a_frame_that_has_drifted_is_made_orthonormal_again():
    space = Subspace(M, 6, CPU)
    coordinates = [space.include(vector) for vector in normal(6, M)]
    space._rows[:6] += 1e-8 * normal(6, M, seed=1)  # what rounding does in a very long run
    space._drift = 1e-8
    change = space.collapse(torch.nn.functional.pad(torch.stack(coordinates[2:3], 1), (0, 3, 0, 3)))
    assert change.shape == (6, 4)
    assert_orthonormal(space, 1e-13)


def test_the_whole_space_needs_no_rows():
    space = Subspace(5, 9, CPU)
    gradient = torch.arange(5.0)
    assert space.include(gradient).tolist() == gradient.tolist()
    assert space.size == 5
    assert not space.full
    out = torch.empty(5, dtype=torch.float64)
    space.displace(torch.ones(5, dtype=torch.float64), gradient.double(), out=out)
    assert out.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.gpu
def test_same_on_a_gpu():
    on_cpu, on_gpu = Subspace(M, 6, CPU), Subspace(M, 6, torch.device("cuda"))
    for vector in normal(6, M):
        expected = on_cpu.include(vector)
        torch.testing.assert_close(on_gpu.include(vector.cuda()), expected, rtol=0, atol=1e-12)
