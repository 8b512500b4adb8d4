"""The models of section 6, each with its cost."""

from adamrepro.models.convnet import ConvNetConfig
from adamrepro.models.initialize import Init
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig
from adamrepro.models.model import Model, ModelConfig
from adamrepro.models.noise import Noise
from adamrepro.models.vae import VaeConfig

MODELS: dict[str, type[ModelConfig]] = {
    "logistic": LogisticConfig,
    "mlp": MlpConfig,
    "convnet": ConvNetConfig,
    "vae": VaeConfig,
}

__all__ = [
    "MODELS",
    "ConvNetConfig",
    "Init",
    "LogisticConfig",
    "MlpConfig",
    "Model",
    "ModelConfig",
    "Noise",
    "VaeConfig",
]
