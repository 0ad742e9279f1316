"""`python -m rightsizer` is the `rightsizer` command."""

from rightsizer.cli import main

main()
