"""Variational auto-encoder (section 6.4; Kingma & Welling 2013, appendix C)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from adamrepro.errors import require
from adamrepro.models.initialize import Init, initialize
from adamrepro.models.layers import Input, Linear
from adamrepro.models.model import Model, ModelConfig, widened
from adamrepro.models.noise import Noise
from adamrepro.ranges import not_negative, whole


@dataclass(kw_only=True)
class VaeConfig(ModelConfig):
    """One hidden layer of softplus units on either side of Gaussian latent dimensions.

    binarize: draw the pixels afresh for every minibatch instead of taking their values as
    probabilities. bias_std: standard deviation of the initial biases.
    """

    name: str = "vae"
    init: Init = Init.fan_in
    bias_std: float = not_negative(0.0)
    hidden: int = whole(500)
    latent: int = whole(50)
    binarize: bool = False

    cpu_members: ClassVar[int] = 6  # measured: a fifth cheaper a member than alone
    work: ClassVar[float] = 80.0

    def build(self, members: int, shape: torch.Size, classes: int) -> "Vae":
        return Vae(self, members, shape.numel())

    def initialize(self, model: nn.Module, generator: torch.Generator) -> None:
        initialize(model, self.init, generator, std=self.init_std, bias_std=self.bias_std)


class Vae(Model):
    """pixels -> hidden -> (mu, log sigma^2) of z -> hidden -> Bernoulli logits."""

    def __init__(self, config: VaeConfig, members: int, pixels: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = Linear(members, pixels, config.hidden)
        self.mu = Linear(members, config.hidden, config.latent)
        self.log_variance = Linear(members, config.hidden, config.latent)
        self.decoder = Linear(members, config.latent, config.hidden)
        self.logits = Linear(members, config.hidden, pixels)

    def cost(self, x: Input, y: Tensor, noise: Noise) -> Tensor:
        """Return the negative lower bound with one sample of z, nats per image: [R].

        -L = KL(q(z|x) || N(0, I)) - log p(x|z), z = mu + sigma * epsilon (Kingma & Welling 2013,
        eq. 10); epsilon [B, latent] is shared by the members.
        """
        assert isinstance(x, Tensor)  # see `check`
        x = x.flatten(1)
        if self.config.binarize:
            x = noise.binarize(x)
        h_rbh = softplus(self.encoder(x))
        mu, log_variance = widened(self.mu(h_rbh)), widened(self.log_variance(h_rbh))
        epsilon = noise.normal(x.shape[0], self.config.latent, like=x)
        z = mu + (0.5 * log_variance).exp() * epsilon
        logits = widened(self.logits(softplus(self.decoder(z))))
        kl: Tensor = 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).sum((1, 2))
        # log p(x|z) of a Bernoulli is x*l - softplus(l); no float32 loss at large |l|
        log_likelihood: Tensor = (x * logits - softplus(logits)).sum((1, 2))
        return (kl - log_likelihood) / x.shape[0]

    def check(self, x: Input) -> None:
        """Raise UserError where x holds no probabilities."""
        ok = isinstance(x, Tensor) and bool(((x >= 0) & (x <= 1)).all())
        known = "dataset=mnist, or dataset=cifar10 dataset.whitening=none"
        require(ok, "model", self.config.name, f"pixels in [0, 1], as of {known}")

    def error(self, x: Input, y: Tensor, noise: Noise) -> tuple[Tensor, None]:
        """Return cost [R] and None."""
        return self.cost(x, y, noise), None


class _Softplus(torch.autograd.Function):
    """log(1 + e^x), within 6e-8 of it in float32, and its derivative.

    torch's own takes log1p, whose kernel costs ten times a logarithm: a fifth of a step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.abs().neg_().exp_().add_(1).log_().add_(x.relu())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        slope: Tensor = x.sigmoid()
        return grad * slope


def softplus(x: Tensor) -> Tensor:
    """Return log(1 + e^x)."""
    result: Tensor = _Softplus.apply(x)
    return result
