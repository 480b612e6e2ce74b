"""Patients with a known illness, and healthy ones: how often a diagnosis is right is measured.

A patient is one function in `patients/`; discovery finds it. `visit.py` sends it through the whole
diagnosis, as a user's own data would be; `tally.py` counts; `told.py` writes the table; `run.py` is
the gauntlet.
"""
