"""The command line: parses, calls, prints. No logic."""

from fireassay.cli import beginning as beginning
from fireassay.cli import reading as reading
from fireassay.cli import searching as searching
from fireassay.cli.app import main

__all__ = ["main"]
