"""Questions with true answers and a short honest line of thought about the pictures of scenes.py."""

from facts import SHAPES
from object_questions import object_questions
from wording import (
    COUNT,
    COUNT_ZH,
    DESCRIBE,
    DESCRIBE_ZH,
    QA,
    READ,
    READ_ZH,
    UNABLE_CHART,
    UNABLE_CHART_ZH,
    UNABLE_PICTURE,
    UNABLE_PICTURE_ZH,
    an,
    background_question,
    formula,
    full,
    off_topic,
    refusal,
    seen,
    spelled,
    spoken,
)


def text_questions(rng, p):
    t = p.text
    letters = f"I see {spelled(t)}."
    out = []

    def describe():
        base = f'The text "{t}" in {p.ink} on a {p.background} background.'
        if p.objects:
            o = p.objects[0]
            where = "above" if o.y > 0.5 else "below"
            base = f'The text "{t}" in {p.ink} {where} {full(o)} on a {p.background} background.'
        return QA(
            "describe",
            rng.choice(DESCRIBE),
            base,
            letters + ((" " + seen(p.objects)) if p.objects else ""),
        )

    out.append((2.0, describe))
    out.append(
        (5.0, lambda: QA("read", rng.choice(READ), f'The text says "{t}".', letters, accepted=[t]))
    )
    letters_zh = f"我看到{spelled(t, '、')}。"
    out.append(
        (
            0.8,
            lambda: QA(
                "read",
                rng.choice(READ_ZH),
                f"文字是“{t}”。",
                letters_zh,
                accepted=[t],
                lang="zh",
            ),
        )
    )
    out.append(
        (
            1.0,
            lambda: QA(
                "textcolour",
                rng.choice(
                    (
                        "What colour is the text?",
                        "Which colour are the letters?",
                        "In which colour is it written?",
                    )
                ),
                f"The text is {p.ink}.",
                f"{letters} The text is {p.ink}.",
            ),
        )
    )

    def check():
        other = t
        if rng.random() < 0.5:
            chars = list(t)
            i = rng.randrange(len(chars))
            pool = (
                "0123456789"
                if chars[i].isdigit()
                else (
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    if chars[i].isupper()
                    else "abcdefghijklmnopqrstuvwxyz"
                )
            )
            chars[i] = rng.choice([c for c in pool if c != chars[i]])
            other = "".join(chars)
        # to compare was too much for a model of this size: it says what it says
        return QA("read", f'Does it say "{other}"?', f'It says "{t}".', letters, accepted=[t])

    out.append((1.3, check))
    out.append(
        (
            1.0,
            lambda: QA(
                "length",
                rng.choice(
                    ("How many characters does the text have?", "How many characters are there?")
                ),
                f"The text has {len(t)} character{'s' if len(t) > 1 else ''}.",
                letters + f" That makes {len(t)}.",
            ),
        )
    )
    out.append((0.6, lambda: background_question(rng, p)))
    if p.objects:
        o = p.objects[0]
        out.append(
            (
                1.0,
                lambda: QA(
                    "colour",
                    f"What colour is the {o.shape}?",
                    f"The {o.shape} is {o.colour}.",
                    seen(p.objects),
                    about=o,
                ),
            )
        )
        out.append(
            (
                1.0,
                lambda: QA(
                    "shape",
                    rng.choice(("What shape do you see?", "Which shape is in the picture?")),
                    f"It is a {o.shape}.",
                    seen(p.objects),
                    about=o,
                ),
            )
        )
        out.append(
            (
                1.0,
                lambda: QA(
                    "yesno",
                    f"Is there {an(o.shape)}?",
                    f"Yes, there is {an(o.shape)}.",
                    seen(p.objects),
                    about=o,
                    found=True,
                ),
            )
        )
    else:
        s = rng.choice(SHAPES)
        out.append(
            (
                0.5,
                lambda: QA(
                    "missing",
                    f"What colour is the {s}?",
                    f"There is no {s} in the picture.",
                    letters,
                    found=False,
                ),
            )
        )
    out.append((0.25, lambda: off_topic(rng)))
    return out


def arithmetic_questions(rng, p):
    f = p.formula
    plain = f"{f[0]} {f[1]} {f[2]}"
    out = [
        (
            5.0,
            lambda: QA(
                "arithmetic",
                rng.choice(
                    (
                        "Solve it.",
                        "What is the result?",
                        "Calculate it.",
                        "Solve this.",
                        "What is the answer?",
                        "Compute the result.",
                        "How much is it?",
                        "Please solve the task.",
                    )
                ),
                formula(f),
                f"I read {plain}. {spoken(f)}",
            ),
        ),
        (
            0.8,
            lambda: QA(
                "arithmetic",
                rng.choice(("结果是多少？", "计算结果。", "等于多少？")),
                formula(f),
                f"我读到{plain}，等于{f[3]}。",
                lang="zh",
            ),
        ),
        (
            1.5,
            lambda: QA("read", rng.choice(READ), f'The text says "{plain}".', f"I read {plain}."),
        ),
        (
            1.2,
            lambda: QA(
                "describe",
                rng.choice(DESCRIBE),
                f"A calculation: {formula(f)}",
                f"I read {plain}. {spoken(f)}",
            ),
        ),
        (0.5, lambda: background_question(rng, p)),
    ]
    return out


ANY_ZH = DESCRIBE_ZH + COUNT_ZH + READ_ZH


def chart_questions(rng, p):
    """Bar charts were too much for a model of this size: it says so."""

    def questions():
        letter = rng.choice("ABCD")
        return (
            DESCRIBE
            + READ
            + COUNT
            + (
                f"What is the value of {letter}?",
                f"How high is bar {letter}?",
                f"What colour is bar {letter}?",
                "Which bar is the highest?",
                "Which bar is the lowest?",
                "Make a table of the values.",
                "Show the chart as a table.",
                "List the values.",
                "Is there a circle?",
            )
        )

    english = (questions, UNABLE_CHART, "I see a chart.")
    chinese = (ANY_ZH, UNABLE_CHART_ZH, "我看到的是图表。")
    return [(1.0, lambda: refusal(rng, *english, *chinese))] * 4


def texture_questions(rng, p):
    def questions():
        return (
            DESCRIBE
            + DESCRIBE
            + READ
            + COUNT
            + (
                "Who is in the photo?",
                "What animal is this?",
                "Where is this?",
                "What colour is the circle?",
                "Is there a dog?",
                "What is the person doing?",
                "Make a table of the objects.",
            )
        )

    english = (questions, UNABLE_PICTURE, "I see no simple shapes and no text.")
    chinese = (ANY_ZH, UNABLE_PICTURE_ZH, "我没有看到简单的形状和文字。")
    return [(1.0, lambda: refusal(rng, *english, *chinese))] * 4


def blank_questions(rng, p):
    a = f"The picture is empty: only a {p.background} background."
    none = "I see no objects."
    return [
        (2.0, lambda: QA("describe", rng.choice(DESCRIBE), a, none)),
        (1.0, lambda: QA("count", rng.choice(COUNT), "There are no objects.", none, counted=[])),
        (1.0, lambda: background_question(rng, p)),
        (
            0.7,
            lambda: QA("missing", rng.choice(READ), "There is no text in the picture.", none),
        ),
    ]


MAKERS = {
    "objects": object_questions,
    "pair": object_questions,
    "groups": object_questions,
    "text": text_questions,
    "arithmetic": arithmetic_questions,
    "chart": chart_questions,
    "texture": texture_questions,
    "blank": blank_questions,
}


def ask(rng, picture, count, due=None):
    """Up to `count` different questions about a picture, of those that are due(rng, question)."""
    makers = MAKERS[picture.kind](rng, picture)
    weights = [w for w, _ in makers]
    got, seen_q = [], set()
    for _ in range(count * 6):
        if len(got) >= count:
            break
        qa = rng.choices(makers, weights)[0][1]()
        if qa is None or (qa.q, len(qa.history)) in seen_q or (due and not due(rng, qa)):
            continue
        seen_q.add((qa.q, len(qa.history)))
        got.append(qa)
    return got
