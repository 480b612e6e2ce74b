"""Diagnosis: checks that plan trials and judge runs, and the verdict that follows from evidence."""
