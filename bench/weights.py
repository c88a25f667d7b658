"""Where the weights are that the benches use: in the user's own cache."""

from __future__ import annotations

import os

from mien.settings import load_settings

WEIGHTS = load_settings(os.environ).cache / "models"
