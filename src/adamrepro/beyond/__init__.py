"""Beyond the paper: details that may matter, later rules, and an optimizer of anybody's."""
