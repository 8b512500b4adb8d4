"""Costs against computations by hand."""

import numpy as np
import pytest
import torch
from model_table import EXAMPLES, build, examples, noise, sparse
from torch import Tensor
from torch.nn import functional as F

from adamrepro.errors import UserError
from adamrepro.models import MODELS, Init, ModelConfig, Noise
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig
from adamrepro.models.model import cross_entropy
from adamrepro.models.vae import Vae, VaeConfig
from adamrepro.models.vae import softplus as fast_softplus


def softplus(a: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(a))) + np.maximum(a, 0)


def bound_by_hand(model: Vae, row: int, x: np.ndarray, epsilon: np.ndarray) -> float:
    """-L of Kingma & Welling 2013 for one member, in nats per image, term by term."""
    p = {key: value[row].detach().numpy() for key, value in model.named_parameters()}
    total = 0.0
    for pixels, eps in zip(x, epsilon, strict=True):
        h = softplus(pixels @ p["encoder.weight"] + p["encoder.bias"][0])
        mu = h @ p["mu.weight"] + p["mu.bias"][0]
        sigma = np.exp(0.5 * (h @ p["log_variance.weight"] + p["log_variance.bias"][0]))
        h = softplus((mu + sigma * eps) @ p["decoder.weight"] + p["decoder.bias"][0])
        y = 1 / (1 + np.exp(-(h @ p["logits.weight"] + p["logits.bias"][0])))
        log_likelihood = np.sum(pixels * np.log(y) + (1 - pixels) * np.log(1 - y))
        kl = -0.5 * np.sum(1 + np.log(sigma**2) - mu**2 - sigma**2)
        total += kl - log_likelihood
    return total / len(x)


def vae(config: VaeConfig, members: int = 3) -> Vae:
    model = build(config, (12,), members, same=False)
    assert isinstance(model, Vae)
    return model


def test_vae_cost_by_hand() -> None:
    model, (x, y) = vae(VaeConfig(hidden=9, latent=3, bias_std=0.1)), examples((12,))
    epsilon = noise().normal(EXAMPLES, 3, like=x).numpy()
    expected = [bound_by_hand(model, row, x.numpy(), epsilon) for row in range(3)]
    assert model.cost(x, y, noise()).tolist() == pytest.approx(expected, rel=1e-12)


def test_vae_draws_pixels_before_epsilon() -> None:
    model, (x, y) = vae(VaeConfig(hidden=9, latent=3, binarize=True)), examples((12,))
    stream = noise()
    pixels = stream.binarize(x)
    assert set(pixels.unique().tolist()) == {0.0, 1.0}
    epsilon = stream.normal(EXAMPLES, 3, like=x).numpy()
    expected = [bound_by_hand(model, row, pixels.numpy(), epsilon) for row in range(3)]
    assert model.cost(x, y, noise()).tolist() == pytest.approx(expected, rel=1e-12)


def test_vae_cost_is_the_exact_bound_in_the_mean() -> None:
    """Where the decoder ignores z, -L is the KL term plus a cross-entropy: no noise is left."""
    model, (x, y) = vae(VaeConfig(hidden=9, latent=3)), examples((12,))
    model.decoder.weight.data.zero_()
    costs = torch.stack([model.cost(x, y, noise(seed)) for seed in range(3)])
    torch.testing.assert_close(costs, costs[:1].expand_as(costs), rtol=1e-13, atol=0)
    for layer in (model.mu, model.log_variance):  # q = prior: KL 0
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    model.logits.weight.data.zero_()
    model.logits.bias.data.zero_()  # every pixel at 1/2
    assert model.cost(x, y, noise()).tolist() == pytest.approx([12 * np.log(2)] * 3)


def test_vae_cost_is_finite_where_pixels_are_certain() -> None:
    model, (x, y) = vae(VaeConfig(hidden=9, latent=3)), examples((12,))
    model.logits.bias.data.fill_(300.0)  # log(1 - y) would be -inf
    cost = model.float().cost(x.float(), y, noise())
    assert cost.isfinite().all()
    assert (cost > 300).all()


def test_cross_entropy_by_hand() -> None:
    logits = torch.randn(3, 5, 4, dtype=torch.float64)
    y = torch.tensor([0, 3, 1, 1, 2])
    p = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(-1, keepdims=True)
    expected = -np.log(p[:, np.arange(5), y.numpy()]).mean(1)
    assert cross_entropy(logits, y).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_cross_entropy_of_great_logits() -> None:
    logits = torch.tensor([[[1e4, -1e4]], [[-1e4, 1e4]]])
    assert cross_entropy(logits, torch.tensor([0])).tolist() == [0.0, 2e4]
    half = torch.randn(2, 3, 4).bfloat16()
    assert cross_entropy(half, torch.tensor([0, 1, 2])).dtype is torch.float32


def test_untrained_softmax_knows_nothing() -> None:
    model, (x, y) = build(LogisticConfig(), (12,), 2, same=True), examples((12,))
    assert model.cost(x, y, noise()).tolist() == pytest.approx([np.log(4)] * 2)


@pytest.mark.parametrize("config", [VaeConfig(hidden=9, latent=3), MlpConfig(hidden=9)])
def test_costs_of_bf16_layers_are_computed_in_float32(config: ModelConfig) -> None:
    model, (x, y) = build(config, (12,), 3, same=False).float(), examples((12,))
    x, out = x.float(), {}
    for key, layer in model.named_children():
        layer.register_forward_hook(lambda _, __, found, key=key: out.update({key: found}))
    with torch.autocast("cpu", torch.bfloat16):
        cost = model.cost(x, y, noise())
    assert out[key].dtype is torch.bfloat16  # of the last layer
    last = {key: value.double() for key, value in out.items()}
    if isinstance(model, Vae):
        mu, log_variance, logits = last["mu"], last["log_variance"], last["logits"]
        kl = 0.5 * (mu**2 + log_variance.exp() - 1 - log_variance).sum((1, 2))
        expected = (kl - (x * logits - F.softplus(logits)).sum((1, 2))) / len(x)
    else:
        expected = -last["output"].log_softmax(-1)[:, torch.arange(len(y)), y].mean(1)
    torch.testing.assert_close(cost.double(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_mask(rate: float) -> None:
    """Inverted: entries 0 or 1/(1 - rate), of mean 1; one mask for all members."""
    x = torch.ones(3, 200, 100)
    dropped = noise().drop(x, rate)
    assert torch.equal(dropped[0], dropped[1])
    assert torch.equal(dropped[0], noise().drop(x[0], rate))
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 1 / (1 - rate)]))
    error = (rate / (1 - rate) / 20_000) ** 0.5
    assert float(dropped[0].mean()) == pytest.approx(1.0, abs=4 * error)
    assert noise(dropout=False).drop(x, rate) is x
    assert noise().drop(x, 0.0) is x


def test_entries_of_one_draw_are_independent() -> None:
    """Four entries of a mask come from one 64-bit number."""
    kept = noise().mask(torch.ones(40_000, 4), 0.5) > 0
    correlation = torch.corrcoef(kept.float().T) - torch.eye(4)
    assert float(correlation.abs().max()) < 5 / 40_000**0.5
    assert kept.float().mean(0).tolist() == pytest.approx([0.5] * 4, abs=5 * 0.5 / 40_000**0.5)


@pytest.mark.parametrize("rate", [1e-9, 1 - 1e-9])
def test_rates_at_the_ends(rate: float) -> None:
    mask = noise().mask(torch.ones(100), rate)
    assert bool(mask.isfinite().all())


def test_softplus_and_its_slope() -> None:
    x = torch.tensor([-200.0, -20.0, -1.0, 0.0, 1e-4, 1.0, 20.0, 200.0], requires_grad=True)
    result = fast_softplus(x)
    torch.testing.assert_close(result, F.softplus(x), atol=1.2e-7, rtol=1e-6)
    (slope,) = torch.autograd.grad(result.sum(), x)
    torch.testing.assert_close(slope, x.detach().sigmoid())


def test_dropout_of_sparse_rows_keeps_their_places() -> None:
    rows = sparse(torch.eye(50).repeat(1, 20))
    dropped = noise().drop(rows, 0.5)
    assert dropped.col is rows.col
    assert set(dropped.val.unique().tolist()) == {0.0, 2.0}
    assert float(dropped.val.mean()) == pytest.approx(1.0, abs=4 / 1000**0.5)
    assert (rows.val == 1).all()


def test_noise_takes_its_numbers_from_its_stream_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    stream = Noise(torch.Generator().manual_seed(1))
    stream.drop(torch.ones(5), 0.5)
    stream.normal(3, like=torch.ones(1))
    stream.binarize(torch.full((3,), 0.5))
    assert torch.equal(torch.get_rng_state(), before)


BAD = [
    ("logistic", {"dropout_input": 1.0}),
    ("mlp", {"dropout_hidden": -0.1}),
    ("mlp", {"hidden": 0}),
    ("convnet", {"dropout_input": float("nan")}),
    ("convnet", {"hidden": -1}),
    ("vae", {"latent": 0}),
    ("vae", {"hidden": 0}),
    ("vae", {"bias_std": -1.0}),
    ("vae", {"bias_std": float("nan")}),
    ("logistic", {"init_std": 0.0}),
    ("logistic", {"init_std": float("inf")}),
]


@pytest.mark.parametrize(("name", "setting"), BAD)
def test_ranges_are_checked(name: str, setting: dict[str, float]) -> None:
    ((key, value),) = setting.items()
    with pytest.raises(UserError, match=rf"^model\.{key}={value}: expected "):
        MODELS[name](**setting)


def test_inputs_of_any_shape_are_flattened_where_the_model_is_flat() -> None:
    for config in (LogisticConfig(init=Init.normal), MlpConfig(hidden=5), VaeConfig(hidden=5)):
        model = config.build(2, torch.Size([3, 4, 4]), 4)
        assert next(model.parameters()).shape[1] == 48
        x: Tensor = torch.rand(5, 3, 4, 4)
        assert model.cost(x, torch.arange(5) % 4, noise()).shape == (2,)


@pytest.mark.parametrize("x", ["words", "whitened"])
def test_a_vae_wants_pixels(x: str) -> None:
    model, (pixels, _) = vae(VaeConfig(hidden=9, latent=3)), examples((12,))
    wrong = {"words": sparse(pixels), "whitened": pixels - 0.5}[x]
    with pytest.raises(UserError, match=r"model=vae: expected pixels in \[0, 1\]"):
        model.check(wrong)
    model.check(pixels)


def test_a_convnet_wants_images() -> None:
    with pytest.raises(UserError, match=r"model=convnet: expected .* \[784\]"):
        MODELS["convnet"]().build(1, torch.Size([784]), 10)
