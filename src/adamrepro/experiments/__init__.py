"""An experiment: the grid behind a figure, and the runs that confirm what the grid chose."""
