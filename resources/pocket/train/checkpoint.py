"""Where a run starts, and how it survives: checkpoints, resuming, and starting from a model folder."""

import json
import os

import torch
from model import Pocket, PocketConfig, TextConfig, VisionConfig
from safetensors.torch import load_file


def read_json(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f)


def _pick(cls, values):
    """The configuration `cls` from those of `values` that it has fields for."""
    return cls(**{k: values[k] for k in cls.__dataclass_fields__ if k in values})


def exported(folder):
    """The model of a folder in the published layout; bf16 weights are widened to float32."""
    c = read_json(folder, "config.json")
    vision, text = _pick(VisionConfig, c["vit_config"]), _pick(TextConfig, c["llm_config"])
    model = Pocket(PocketConfig(vision, text, c["visual_vocab_size"]))
    model.load_state_dict(load_file(os.path.join(folder, "model.safetensors")))
    return model


def save(state, path):
    """Replaces the file at once, so that an interrupted run leaves the previous one."""
    torch.save(state, path + ".tmp")
    os.replace(path + ".tmp", path)


def start(args, path, modules, device):
    """Loads what the run starts from into `modules` ("model" and the heads that help it): its own
    checkpoint at `path` (--resume), that of another stage (--init), which may lack heads, or a model
    folder (--from-export), which has none. Returns the state that a resumed run goes on from, else None.
    """
    resumed = args.resume and os.path.exists(path)
    if not resumed and args.from_export:
        modules["model"].load_state_dict(exported(args.from_export).state_dict())
        return None
    if not resumed and not args.init:
        return None
    loaded = torch.load(path if resumed else args.init, map_location=device)
    for name, module in modules.items():
        if name in loaded:
            module.load_state_dict(loaded[name])
    return loaded if resumed else None
