"""Many settings of an optimizer, trained at once on a module of the user's own."""

from adamrepro.many.train import Many, train_many

__all__ = ["Many", "train_many"]
