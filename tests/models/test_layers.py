import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from model_table import Rows, examples, gradients, noise, sparse
from torch import nn
from torch.nn import functional as F

from adamrepro.models import Init, layers
from adamrepro.models.convnet import ConvNetConfig, pooled
from adamrepro.models.initialize import initialize
from adamrepro.models.layers import Conv2d, Linear, split_members
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig


def randomised(layer: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    for parameter in layer.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return layer


@given(members=st.integers(1, 4), inputs=st.integers(1, 6), outputs=st.integers(1, 6))
def test_shared_input_product_equals_a_loop(members: int, inputs: int, outputs: int) -> None:
    layer = randomised(Linear(members, inputs, outputs))
    x = torch.randn(5, inputs, dtype=torch.float64)
    loop = torch.stack([x @ w + b for w, b in zip(layer.weight, layer.bias, strict=True)])
    torch.testing.assert_close(layer(x), loop, rtol=1e-12, atol=1e-12)
    own = torch.randn(members, 5, inputs, dtype=torch.float64)
    loop = torch.stack([a @ w + b for a, w, b in zip(own, layer.weight, layer.bias, strict=True)])
    torch.testing.assert_close(layer(own), loop, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(layer(x.expand(members, 5, inputs)), layer(x), rtol=1e-12, atol=0)


@pytest.mark.parametrize("config", [LogisticConfig(init=Init.normal), MlpConfig(hidden=5)])
def test_sparse_rows_equal_dense_rows(config: LogisticConfig | MlpConfig) -> None:
    x, y = examples((12,))
    x = x.where(x > 0.6, 0).float().double()  # sparse values are float32
    x[2] = 0.0  # a review without a single known word
    model = config.build(3, torch.Size([12]), 4)
    randomised(model)
    for dense, rows in zip(gradients(model, x, y), gradients(model, sparse(x), y), strict=True):
        torch.testing.assert_close(rows, dense, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("bag", [layers._bag, layers._Bag.apply])
def test_the_products_of_cpu_and_gpu_have_the_dense_products_gradient(bag: Callable) -> None:
    x = torch.rand(7, 20, dtype=torch.float64).sub(0.7).clamp(min=0).float().double()
    rows, wide = sparse(x), torch.randn(20, 6, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(7, 6, dtype=torch.float64)
    product = bag(wide, rows.crow, rows.col, rows.val.double())
    torch.testing.assert_close(product, x @ wide, rtol=1e-12, atol=1e-12)
    (found,) = torch.autograd.grad(product, wide, upstream)
    torch.testing.assert_close(found, x.T @ upstream, rtol=1e-12, atol=1e-12)


def test_an_empty_minibatch_row_at_the_end() -> None:
    layer = randomised(Linear(2, 3, 4))
    rows = Rows(torch.tensor([0, 1, 1]), torch.tensor([1]), torch.tensor([2.0]))
    dense = torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(layer(rows), layer(dense), rtol=1e-12, atol=0)


@pytest.mark.parametrize("members", [1, 3])
def test_convolution_equals_a_loop(members: int) -> None:
    layer = randomised(Conv2d(members, 2, 4, kernel=5))
    x = torch.randn(3, 2, 8, 7, dtype=torch.float64)
    own = torch.randn(3, members * 2, 8, 7, dtype=torch.float64)
    for given_x, parts in ((x, [x] * members), (own, own.chunk(members, dim=1))):
        loop = torch.stack(
            [
                F.conv2d(part, w, b, padding=2)
                for part, w, b in zip(parts, layer.weight, layer.bias, strict=True)
            ]
        )
        out = layer(given_x)
        assert out.shape == (3, members * 4, 8, 7)
        features = split_members(out, members)  # [R, B, C*H*W]
        torch.testing.assert_close(features, loop.flatten(2), rtol=1e-11, atol=1e-12)


@given(size=st.integers(3, 64))
def test_pooled_is_torchs_arithmetic(size: int) -> None:
    image = torch.zeros(1, 1, size, size)
    out = F.max_pool2d(image, kernel_size=3, stride=2, ceil_mode=True)
    assert out.shape[-1] == pooled(size)


def test_the_papers_convnet() -> None:
    """c64-c64-c128-1000 on 32x32: sides 16, 8, 4 and 2048 features (section 6.3)."""
    with torch.device("meta"):
        model = ConvNetConfig().build(1, torch.Size([3, 32, 32]), 10)
    shapes = {name: tuple(p.shape[1:]) for name, p in model.named_parameters()}
    assert shapes["stages.0.weight"] == (64, 3, 5, 5)
    assert shapes["stages.1.weight"] == (64, 64, 5, 5)
    assert shapes["stages.2.weight"] == (128, 64, 5, 5)
    assert shapes["hidden.weight"] == (2048, 1000)
    assert shapes["output.weight"] == (1000, 10)
    side = 32
    for expected in (16, 8, 4):
        side = pooled(side)
        assert side == expected


@pytest.mark.parametrize("members", [1, 2])
def test_the_convnets_images_stay_in_channels_last(members: int) -> None:
    """So that no stage spends time on turning its maps round."""
    model = ConvNetConfig(hidden=5, dropout_input=0.2).build(members, torch.Size([3, 32, 32]), 10)
    seen = []
    for stage in model.stages:  # type: ignore[union-attr]
        stage.register_forward_hook(lambda _, given, found: seen.extend([*given, found]))
    model.cost(torch.rand(2, 3, 32, 32), torch.tensor([0, 1]), noise())
    assert len(seen) == 6
    assert all(x.is_contiguous(memory_format=torch.channels_last) for x in seen)
    assert not any(x.is_contiguous() for x in seen)


SPREAD = {
    Init.fan_in: lambda fan_in, fan_out: math.sqrt(1 / fan_in),
    Init.he: lambda fan_in, fan_out: math.sqrt(2 / fan_in),
    Init.glorot: lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    Init.normal: lambda fan_in, fan_out: 0.05,
    Init.zeros: lambda fan_in, fan_out: 0.0,
}


@pytest.mark.parametrize("init", Init)
@pytest.mark.parametrize(
    ("layer", "fan_in", "fan_out"),
    [(Linear(2, 200, 300), 200, 300), (Conv2d(2, 20, 30, kernel=5), 500, 750)],
    ids=["linear", "conv"],
)
def test_initial_distributions(init: Init, layer: nn.Module, fan_in: int, fan_out: int) -> None:
    initialize(layer, init, torch.Generator().manual_seed(0), std=0.05, bias_std=0.01)
    weight = layer.weight[0].detach().double().flatten()
    spread = SPREAD[init](fan_in, fan_out)
    count = len(weight)
    assert float(weight.std()) == pytest.approx(spread, rel=4 / math.sqrt(2 * count))
    assert abs(float(weight.mean())) <= 4 * spread / math.sqrt(count)
    kurtosis = {Init.glorot: 9 / 5, Init.zeros: None}.get(init, 3.0)  # uniform 9/5, normal 3
    if kurtosis is not None:
        fourth = float((weight / spread).pow(4).mean())
        assert fourth == pytest.approx(kurtosis, rel=0.05)
    bias = layer.bias[0].detach().double().flatten()
    assert float(bias.std()) == pytest.approx(0.01, rel=6 / math.sqrt(2 * len(bias)))
    assert torch.equal(layer.weight[0], layer.weight[1])
    assert torch.equal(layer.bias[0], layer.bias[1])


def test_biases_start_at_zero_unless_asked() -> None:
    layer = Linear(1, 4, 3)
    initialize(layer, Init.he, torch.Generator().manual_seed(0))
    assert (layer.bias == 0).all()
    assert (layer.weight != 0).all()
