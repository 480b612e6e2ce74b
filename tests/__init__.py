"""Tests mirror src/; a package, so that files of the same name may live in different folders."""
