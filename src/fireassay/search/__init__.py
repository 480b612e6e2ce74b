"""Sweeps: the grid, the run that judges its rows together, and the reading of one row."""
