"""What holds for all tests: linear algebra on one thread.

More threads than cores make small matrix products many times slower, and the
libraries read these variables once, when NumPy is imported: so before it.
"""

from __future__ import annotations

import os

for _name in ("OMP", "OPENBLAS", "MKL", "VECLIB"):
    _kind = "MAXIMUM" if _name == "VECLIB" else "NUM"
    os.environ[f"{_name}_{_kind}_THREADS"] = "1"
