"""Train the byte-level BPE vocabulary on the questions and answers and write it in the Qwen file
layout.

    python make_tokenizer.py --out ../model

Characters which are shown in pictures must stay single tokens, or reading would need a merge table
in the head of a tiny model: capital letters are therefore kept out of merges except at the start of
ordinary words.
"""

import argparse
import json
import os
import random
import re

import film_questions
import questions
import scenes
import small_talk
import wording
from facts import WORDS
from films import make_film
from paths import MODEL
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# (text, special): the 26 added tokens of the Qwen3 tokenizer, in their order
ADDED = [
    ("<|endoftext|>", 1),
    ("<|im_start|>", 1),
    ("<|im_end|>", 1),
    ("<|object_ref_start|>", 1),
    ("<|object_ref_end|>", 1),
    ("<|box_start|>", 1),
    ("<|box_end|>", 1),
    ("<|quad_start|>", 1),
    ("<|quad_end|>", 1),
    ("<|vision_start|>", 1),
    ("<|vision_end|>", 1),
    ("<|vision_pad|>", 1),
    ("<|image_pad|>", 1),
    ("<|video_pad|>", 1),
    ("<tool_call>", 0),
    ("</tool_call>", 0),
    ("<|fim_prefix|>", 0),
    ("<|fim_middle|>", 0),
    ("<|fim_suffix|>", 0),
    ("<|fim_pad|>", 0),
    ("<|repo_name|>", 0),
    ("<|file_sep|>", 0),
    ("<tool_response>", 0),
    ("</tool_response>", 0),
    ("<think>", 0),
    ("</think>", 0),
]
# The template of the published model: roles, placeholders, thinking switch.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content is string %}"
    "{%- set body = message.content.replace('<image>', '').replace('<video>', '') %}"
    "{%- if message.role == 'assistant' %}{%- set body = body.split('</think>')[-1].lstrip('\\n') %}{%- endif %}"
    "{{- body }}"
    "{%- else %}"
    "{%- for item in message.content %}"
    "{%- if item.type == 'text' %}{{- item.text.replace('<image>', '').replace('<video>', '') }}"
    "{%- elif item.type == 'image' %}{{- '<image>' }}"
    "{%- elif item.type == 'video' %}{{- '<video>' }}{%- endif %}"
    "{%- if not loop.last %}{{- '\\n' }}{%- endif %}"
    "{%- endfor %}"
    "{%- endif %}"
    "{{- '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)


def corpus(seed, pictures):
    """Questions, thoughts and answers with the shown texts left out (quoted texts and spelled
    letters).
    """
    rng = random.Random(seed)
    for k in range(pictures):
        roll = rng.random()
        if roll < 0.75:
            kind = rng.choices(
                list(scenes.PICTURE_KINDS), weights=[v[1] for v in scenes.PICTURE_KINDS.values()]
            )[0]
            if kind == "texture":
                kind = "blank"
            p = scenes.make_picture(
                rng, (64, 64) if kind not in ("groups", "objects", "pair") else (192, 256), kind
            )
            if p.text is not None and kind == "text":
                p.text = rng.choice(WORDS)
            qas = questions.ask(rng, p, 5)
            for qa in qas:
                qa.think = re.sub(r"\d:\S(, |、)?", "", qa.think)
        elif roll < 0.85:
            f = make_film(rng, (64, 64), frames=rng.choice((4, 6, 8)))
            qas = film_questions.ask_film(rng, f, 4)
        else:
            qas = [small_talk.small_talk(rng)]
        for qa in qas:
            for q, a in qa.history:
                yield q
                yield a
            yield qa.q
            yield qa.a
            if qa.think:
                yield f"<think>\n{qa.think}\n</think>\n\n"
    for _ in range(40):
        for group in (
            wording.OFF_TOPIC,
            wording.OFF_TOPIC_ZH,
            small_talk.GREETINGS,
            small_talk.THANKS,
            small_talk.WHOS,
            small_talk.CANS,
            (
                wording.WHO,
                wording.CAN,
                wording.WHO_ZH,
                wording.CAN_ZH,
                wording.UNABLE_PICTURE,
                wording.UNABLE_TOPIC,
                wording.UNABLE_PICTURE_ZH,
                wording.UNABLE_TOPIC_ZH,
                wording.NO_PICTURE,
                wording.NO_PICTURE_ZH,
            ),
            ["system\n", "user\n", "assistant\n", "You are a helpful assistant.", "\n\n", "\n"],
        ):
            yield from group


def build(vocab_size, seed=7, pictures=1500):
    tok = Tokenizer(models.BPE(ignore_merges=False))
    tok.normalizer = normalizers.NFC()
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(ADDED),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    tok.train_from_iterator(corpus(seed, pictures), trainer)
    special = [AddedToken(t, special=bool(s), normalized=False) for t, s in ADDED]
    tok.add_special_tokens([t for t in special if t.special])
    tok.add_tokens([t for t in special if not t.special])
    return tok


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", default=MODEL)
    ap.add_argument(
        "--vocab-size",
        type=int,
        default=1536,
        help="rows of the embedding table; the vocabulary may be smaller",
    )
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    tok = build(a.vocab_size)
    tok.save(os.path.join(a.out, "tokenizer.json"))
    ids = {t: tok.token_to_id(t) for t, _ in ADDED}
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(ids[t]): {
                "content": t,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": bool(s),
            }
            for t, s in ADDED
        },
        "additional_special_tokens": [t for t, s in ADDED if s and t != "<|endoftext|>"],
        "bos_token": None,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 4096,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    with open(os.path.join(a.out, "tokenizer_config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f, ensure_ascii=False, indent=2)
        f.write("\n")
    for text in (
        "Hello, world! Ünïcödé \U0001f600 你好，世界\n\n\ttab",
        "a  b",
        "\\( 7 + 5 = 12 \\)",
        "ABCDEFG",
        "\u0000\u007f\u2028",
    ):
        assert tok.decode(tok.encode(text).ids, skip_special_tokens=False) == text, text
    print(
        "vocabulary",
        tok.get_vocab_size(),
        {t: ids[t] for t in ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")},
    )
    for text in (
        "From left to right: a large red circle, a small blue square on a white background.",
        'The text says "HELLO42".',
        "图中有3个红色圆形。",
        "<|im_start|>user\n",
        "<think>\n\n</think>\n\n",
        'It says "Apple" and "open".',
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        f"I see {wording.spelled('Hello4')}.",
    ):
        print(tok.encode(text).tokens)


if __name__ == "__main__":
    main()
