import torch
from hypothesis import given
from hypothesis import strategies as st
from rows import dense
from scipy.sparse import csr_matrix

from adamrepro.data import Dense, Sparse


def sparse(matrix: torch.Tensor) -> Sparse:
    csr = csr_matrix(matrix.numpy())
    return Sparse(
        crow=torch.from_numpy(csr.indptr).long(),
        col=torch.from_numpy(csr.indices).int(),
        val=torch.from_numpy(csr.data),
        y=torch.arange(len(matrix)),
        features=matrix.shape[1],
    )


@given(
    rows=st.integers(1, 8),
    features=st.integers(1, 6),
    keep=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 5),
    data=st.data(),
)
def test_sparse_rows_equal_the_rows_of_the_dense_matrix(rows, features, keep, seed, data):
    g = torch.Generator().manual_seed(seed)
    matrix = torch.rand(rows, features, generator=g) + 0.5
    matrix *= torch.rand(rows, features, generator=g) < keep
    picked = torch.tensor(data.draw(st.lists(st.integers(0, rows - 1), max_size=10))).long()
    split = sparse(matrix)
    batch, y = split.batch(picked)
    assert torch.equal(dense(batch), matrix[picked])
    assert torch.equal(y, picked)
    assert len(batch) == len(picked)
    assert batch.col.dtype is batch.crow.dtype is torch.int64
    taken = split.take(picked)
    assert torch.equal(dense(taken.batch(torch.arange(len(picked)))[0]), matrix[picked])


def test_a_dense_batch_is_scaled_and_shifted_per_channel():
    x = torch.randint(0, 256, (5, 3, 2, 2), dtype=torch.uint8)
    scale, shift = torch.rand(3, 1, 1), torch.rand(3, 1, 1)
    split = Dense(x=x, y=torch.arange(5), scale=scale, shift=shift)
    idx = torch.tensor([4, 1])
    torch.testing.assert_close(split.batch(idx)[0], x[idx].float() * scale + shift)
