"""Experiments: the runs behind a figure, at a budget."""
