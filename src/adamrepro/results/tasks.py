"""The tasks that optimizers are tried on beside tuned Adam, as experiments and pages call them."""

TASKS = {
    "logistic": "logistic regression, MNIST",
    "imdb": "logistic regression, IMDB",
    "mlp": "network with dropout, MNIST",
    "vae": "autoencoder, MNIST",
}
"""Files of configs/experiment/bench and after_adam, and how they are called.

The ConvNet is not among them: its runs, of one pass each, would take about as long as all of these.
"""

BASELINE = "tuned Adam"
"""The series of Adam in each of these files."""

LR = "optimizer.kwargs.lr"
"""The step size of a class that is not one of the suite's rules."""
