"""A run: its configuration, its identity, the population it trains in, and its training."""
