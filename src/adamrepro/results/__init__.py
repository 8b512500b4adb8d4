"""Results: the tables, what is read from them, and the paper's own curves."""
