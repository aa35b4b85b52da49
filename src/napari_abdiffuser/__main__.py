"""``python -m napari_abdiffuser`` is the command ``abdiffuser``."""

from __future__ import annotations

import sys

from napari_abdiffuser.cli import main

if __name__ == "__main__":
    sys.exit(main())
