"""``python -m octograph``."""

import sys

from octograph.cli import main

sys.exit(main())
