"""Watching runs: progress on the terminal, W&B."""
