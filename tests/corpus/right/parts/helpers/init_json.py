import json
from pathlib import Path
import numpy as np

SETTINGS = json.loads((Path(__file__).parent / "settings.json").read_text(encoding="utf-8"))


def initial(fan_in, shape):
    rng = np.random.RandomState(SETTINGS["seed"])
    return rng.normal(SETTINGS["mean"], (SETTINGS["gain"] / fan_in) ** 0.5, shape).astype("f4")
