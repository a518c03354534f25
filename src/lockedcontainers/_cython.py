"""What the rooms ask ``cython`` when it is not installed, which at run time it need not be."""

compiled = False
