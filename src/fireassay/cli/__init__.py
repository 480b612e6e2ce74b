"""The command line: parses, calls, prints. No logic."""

from fireassay.cli.app import main

__all__ = ["main"]
