"""`make proof`: Bloom's pictures against those of the programs whose flames they are. Takes some minutes; status 1 where one is not alike."""

from __future__ import annotations

import sys

from . import genomes, originals


def main() -> None:
    """Prints both tables."""
    originals_good = originals.main()
    print()
    sys.exit(0 if genomes.main() and originals_good else 1)


if __name__ == "__main__":
    main()
