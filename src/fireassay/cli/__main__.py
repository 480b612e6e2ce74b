"""`python -m fireassay.cli` is the command `fireassay`."""

from fireassay.cli.app import main

main()
