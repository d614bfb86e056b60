"""Write the model folder of a checkpoint, in the published layout.

    python export.py --checkpoint run/last.pt [--out ../model] [--weights ema|model]

`out` holds the tokenizer files already (make_tokenizer.py).
"""

import argparse
import json
import os

import torch
from model import Pocket
from paths import MODEL
from safetensors.torch import save_file
from tokenizers import Tokenizer

MIN_PIXELS, MAX_PIXELS = 192 * 192, 192 * 256


def dump(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=2)
        f.write("\n")


def config(c, tok):
    """config.json in the published keys, for the dimensions of `c` and the ids of this tokenizer."""
    ids = {t: tok.token_to_id(t) for t in ("<|endoftext|>", "<|im_end|>")}
    v, t = c.vision, c.text
    return {
        "architectures": ["Ovis2_5"],
        "conversation_formatter_class": "Qwen3ConversationFormatter",
        "hidden_size": t.hidden_size,
        "llm_config": {
            "architectures": ["Qwen3ForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "head_dim": t.head_dim,
            "hidden_act": "silu",
            "hidden_size": t.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": t.intermediate_size,
            "max_position_embeddings": t.max_position_embeddings,
            "max_window_layers": t.num_hidden_layers,
            "model_type": "qwen3",
            "num_attention_heads": t.num_attention_heads,
            "num_hidden_layers": t.num_hidden_layers,
            "num_key_value_heads": t.num_key_value_heads,
            "rms_norm_eps": t.rms_norm_eps,
            "rope_scaling": None,
            "rope_theta": int(t.rope_theta),
            "sliding_window": None,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "use_sliding_window": False,
            "vocab_size": t.vocab_size,
        },
        "max_position_embeddings": t.max_position_embeddings,
        "model_type": "ovis2_5",
        "num_attention_heads": t.num_attention_heads,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.51.3",
        "use_cache": True,
        "visual_vocab_size": c.visual_vocab_size,
        "vit_config": {
            "attention_dropout": 0.0,
            "fullatt_block_indexes": None,
            "hidden_act": "gelu_pytorch_tanh",
            "hidden_size": v.hidden_size,
            "hidden_stride": v.hidden_stride,
            "image_size": v.image_size,
            "intermediate_size": v.intermediate_size,
            "layer_norm_eps": v.layer_norm_eps,
            "model_type": "siglip2_navit",
            "num_attention_heads": v.num_attention_heads,
            "num_channels": 3,
            "num_hidden_layers": v.num_hidden_layers,
            "num_patches": -1,
            "patch_size": v.patch_size,
            "preserve_original_pe": True,
            "temporal_patch_size": 1,
            "torch_dtype": "bfloat16",
            "use_rope": True,
            "window_size": 112,
        },
        "vocab_size": t.vocab_size,
    }


def export(checkpoint, out, weights="ema"):
    """Writes weights (bf16) and configuration beside the tokenizer files that are in `out` already."""
    d = torch.load(checkpoint, map_location="cpu")
    m = Pocket()
    m.load_state_dict(d["model"])
    if weights == "ema":
        with torch.no_grad():
            for n, q in m.named_parameters():
                q.copy_(d["ema"][n])
    tok = Tokenizer.from_file(os.path.join(out, "tokenizer.json"))
    assert tok.get_vocab_size() <= m.config.text.vocab_size
    dump(os.path.join(out, "config.json"), config(m.config, tok))
    stop = [tok.token_to_id("<|im_end|>"), tok.token_to_id("<|endoftext|>")]
    dump(
        os.path.join(out, "generation_config.json"),
        {
            "bos_token_id": stop[1],
            "do_sample": False,
            "eos_token_id": stop,
            "multimodal_max_length": 4096,
            "pad_token_id": stop[1],
            "repetition_penalty": 1.0,
            "transformers_version": "4.51.3",
        },
    )
    dump(
        os.path.join(out, "preprocessor_config.json"),
        {
            "do_convert_rgb": None,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor",
            "image_std": [0.5, 0.5, 0.5],
            "max_pixels": MAX_PIXELS,
            "min_pixels": MIN_PIXELS,
            "resample": 2,
            "rescale_factor": 0.00392156862745098,
            "size": {"height": m.config.vision.image_size, "width": m.config.vision.image_size},
        },
    )
    tensors = {n: t.detach().to(torch.bfloat16).contiguous() for n, t in m.state_dict().items()}
    save_file(tensors, os.path.join(out, "model.safetensors"), metadata={"format": "pt"})
    os.chmod(os.path.join(out, "model.safetensors"), 0o644)
    print(
        "tensors",
        len(tensors),
        "parameters",
        sum(t.numel() for t in tensors.values()),
        "bytes",
        os.path.getsize(os.path.join(out, "model.safetensors")),
        d.get("counts"),
    )


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--checkpoint", default="run/last.pt")
    p.add_argument("--out", default=MODEL)
    p.add_argument("--weights", choices=("ema", "model"), default="ema")
    a = p.parse_args()
    export(a.checkpoint, a.out, a.weights)


if __name__ == "__main__":
    main()
