"""An existing repository as a project of the kit: what is found in it, and the descriptor that this suggests.

Reads files as data. Nothing of the repository is imported or run, and nothing is written: the command line does that.
"""
