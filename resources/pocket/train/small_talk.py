"""Conversations without a picture."""

from facts import SHAPES
from film_questions import DESCRIBE_FILM
from scenes import random_formula
from wording import (
    CAN,
    CAN_ZH,
    COUNT,
    COUNT_ZH,
    DESCRIBE,
    DESCRIBE_ZH,
    NO_PICTURE,
    NO_PICTURE_ZH,
    QA,
    READ,
    READ_ZH,
    WHO,
    WHO_ZH,
    formula,
    off_topic,
    spoken,
)

GREETINGS = (
    "Hello",
    "Hi",
    "Hello!",
    "Hi there!",
    "Good morning",
    "Hey",
    "hello argali",
    "Good evening!",
    "Hi!",
    "Hello there",
)
THANKS = (
    "Thanks",
    "Thank you!",
    "Thanks a lot",
    "Thank you very much.",
    "Great, thanks!",
    "thanks!",
)
BYES = ("Bye", "Goodbye!", "See you later", "Bye bye")
WHOS = (
    "Who are you?",
    "What are you?",
    "What is your name?",
    "Introduce yourself.",
    "Which model are you?",
    "Are you a human?",
    "Tell me about yourself.",
)
CANS = (
    "What can you do?",
    "How can you help me?",
    "What are you able to do?",
    "Help",
    "What do you know?",
    "What can I ask you?",
    "Can you describe photos?",
    "What are your limits?",
)
HOWS = ("How are you?", "How do you do?", "How is it going?")


def small_talk(rng):
    roll = rng.random()
    if roll < 0.12:
        return QA(
            "talk",
            rng.choice(GREETINGS),
            "Hello! Show me a picture or a short film and ask me about it.",
            "This is a greeting.",
        )
    if roll < 0.18:
        return QA("talk", rng.choice(THANKS), "You are welcome!", "The user thanks me.")
    if roll < 0.22:
        return QA("talk", rng.choice(BYES), "Goodbye!", "The user says goodbye.")
    if roll < 0.34:
        return QA("talk", rng.choice(WHOS), WHO, "The user asks about me.")
    if roll < 0.46:
        return QA("talk", rng.choice(CANS), CAN, "The user asks about me.")
    if roll < 0.49:
        return QA(
            "talk",
            rng.choice(HOWS),
            "I am fine, thank you. Show me a picture!",
            "This is a greeting.",
        )
    if roll < 0.55:
        q, a, think = rng.choice(
            (
                ("你好", "你好！给我看一张图片或一段短片吧。", "这是问候。"),
                ("你是谁？", WHO_ZH, "用户在问我是谁。"),
                ("你能做什么？", CAN_ZH, "用户在问我能做什么。"),
                ("谢谢", "不客气！", "用户在感谢我。"),
                ("再见", "再见！", "用户在道别。"),
                ("你好！", "你好！给我看一张图片或一段短片吧。", "这是问候。"),
            )
        )
        return QA("talk", q, a, think, lang="zh")
    if roll < 0.70:
        return text_math(rng)
    if roll < 0.86:
        return off_topic_text(rng)
    if rng.random() < 0.12:
        q = rng.choice(DESCRIBE_ZH + COUNT_ZH + READ_ZH)
        return QA("nopicture", q, NO_PICTURE_ZH, "这里没有图片。", lang="zh")
    q = rng.choice(
        DESCRIBE
        + READ
        + COUNT
        + tuple(f"What colour is the {s}?" for s in SHAPES[:4])
        + DESCRIBE_FILM[:3]
        + ("Which way does it move?", "Make a table of the objects.", "Is there a red circle?")
    )
    return QA("nopicture", q, NO_PICTURE, "There is no picture in this conversation.")


def off_topic_text(rng):
    qa = off_topic(rng)
    qa.think = "我不知道。" if qa.lang == "zh" else "I do not know this."
    return qa


def text_math(rng):
    """A sum that is typed, not drawn."""
    f = random_formula(rng)
    sign = f[1] if f[1] != "×" else rng.choice(("×", "*", "x", "times"))
    if rng.random() < 0.25:
        sign = rng.choice((sign, {"+": "plus", "-": "minus", "×": "times"}[f[1]]))
    gap = " " if sign.isalpha() and len(sign) > 1 else rng.choice((" ", ""))
    q = rng.choice(("What is {}?", "{} = ?", "{}=?", "How much is {}?", "Calculate {}."))
    q = q.format(f"{f[0]}{gap}{sign}{gap}{f[2]}")
    return QA("textmath", q, formula(f), spoken(f))
