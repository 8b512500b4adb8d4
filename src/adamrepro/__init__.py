"""Reproduction suite for "Adam: A Method for Stochastic Optimization" (Kingma & Ba, ICLR 2015)."""
