"""Where the finished files lie, wherever a script is called from."""

import os

_POCKET = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(_POCKET, "model")
SAMPLES = os.path.join(_POCKET, "samples")
