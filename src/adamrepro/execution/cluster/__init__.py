"""Populations as jobs of a cluster."""
