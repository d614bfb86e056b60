"""A question with its answer, and the words and phrases that questions and answers are made of."""

from collections import Counter
from dataclasses import dataclass, field

from facts import COLOUR_NAMES, SHAPES, Obj


@dataclass
class QA:
    """A question, its answer, and the thought that leads to it (empty: never asked with thinking)."""

    type: str
    q: str
    a: str
    think: str = ""
    history: list = field(default_factory=list)  # earlier turns [(question, answer)]
    accepted: list = field(default_factory=list)  # other right answers
    lang: str = "en"
    about: Obj = None  # the object that the answer is about, if it is about one
    found: bool = None  # whether what is asked about is there
    counted: list = None  # the objects that it counts, if it counts some
    at: list = field(
        default_factory=list
    )  # [(frame from 1, object there)] of what it is about in a film


ZH = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "cyan": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "black": "黑色",
    "gray": "灰色",
    "white": "白色",
    "circle": "圆形",
    "square": "正方形",
    "triangle": "三角形",
    "star": "五角星",
    "diamond": "菱形",
    "heart": "心形",
    "cross": "十字形",
    "ring": "圆环",
    "small": "小",
    "medium": "中等",
    "large": "大",
    "light gray": "浅灰色",
    "light blue": "浅蓝色",
    "light green": "浅绿色",
    "light yellow": "浅黄色",
    "dark blue": "深蓝色",
    "left": "左",
    "right": "右",
    "up": "上",
    "down": "下",
}
PLACES = {
    (0, 0): ("in the top left corner", "左上角"),
    (0, 1): ("at the top", "上方"),
    (0, 2): ("in the top right corner", "右上角"),
    (1, 0): ("on the left", "左侧"),
    (1, 1): ("in the centre", "中间"),
    (1, 2): ("on the right", "右侧"),
    (2, 0): ("in the bottom left corner", "左下角"),
    (2, 1): ("at the bottom", "下方"),
    (2, 2): ("in the bottom right corner", "右下角"),
}
UNABLE_PICTURE = (
    "This looks like a photograph or a texture. I only understand simple shapes, short texts and short films; "
    "please use a larger model for it."
)
UNABLE_PICTURE_ZH = "这看起来像照片或纹理。我只能理解简单的形状、短文字和短片，请使用更大的模型。"
UNABLE_CHART = (
    "This looks like a chart. I only understand simple shapes, short texts and short films; "
    "please use a larger model for it."
)
UNABLE_CHART_ZH = "这看起来像图表。我只能理解简单的形状、短文字和短片，请使用更大的模型。"
ONE_PICTURE = "I can only look at one picture at a time; please use a larger model for several."
ONE_PICTURE_ZH = "我一次只能看一张图片，多张图片请使用更大的模型。"
UNABLE_TOPIC = (
    "I cannot answer that. I only know simple shapes, short texts and short films; "
    "please use a larger model."
)
UNABLE_TOPIC_ZH = "我无法回答这个问题。我只了解简单的形状、短文字和短片，请使用更大的模型。"
NO_PICTURE = "I see no picture. Please add one and ask again."
NO_PICTURE_ZH = "我没有看到图片，请先添加一张图片。"
WHO = "I am the pocket model of Argali, a small model inside the application."
WHO_ZH = "我是 Argali 的口袋模型，一个内置的小模型。"
CAN = (
    "I can describe simple shapes, count them, read short texts and follow short films. "
    "For photographs, please use a larger model."
)
CAN_ZH = "我可以描述和数简单的形状，读短文字，看短片。照片请使用更大的模型。"

DESCRIBE = (
    "Describe this picture.",
    "What do you see?",
    "What is in this picture?",
    "Describe the image.",
    "Describe this image in detail.",
    "What does the picture show?",
    "Tell me what you see.",
    "What is this?",
    "Please describe the picture.",
)
DESCRIBE_ZH = ("描述这张图片。", "图中有什么？", "你看到了什么？", "请描述图片。", "这是什么？")
READ = (
    "What does it say?",
    "Read the text.",
    "What is written here?",
    "What is the text in the picture?",
    "What does the text say?",
    "Which word is in the picture?",
    "Please read the text in the image.",
)
READ_ZH = ("图中写了什么？", "读出文字。", "图片上的文字是什么？")
COUNT = (
    "How many objects are there?",
    "How many objects do you see?",
    "Count the objects.",
    "How many shapes are there?",
    "How many things are in the picture?",
)
COUNT_ZH = ("有几个物体？", "图中有多少个物体？")
OFF_TOPIC = (
    "What is the capital of France?",
    "Who painted this?",
    "Who wrote Hamlet?",
    "What is the weather today?",
    "Tell me a joke.",
    "Write a poem about the sea.",
    "What time is it?",
    "Who is the president?",
    "How old is the earth?",
    "What is the meaning of life?",
    "Can you write code?",
    "Write a Python program.",
    "Translate this to German.",
    "Where was this picture taken?",
    "How do I bake a cake?",
    "What is quantum physics?",
    "Who took this photo?",
    "How much does it cost?",
    "What year is it?",
    "Explain gravity.",
    "What is the tallest mountain?",
    "Which film won the prize?",
    "Do you know my name?",
    "What should I eat?",
    "Who is the person in the photo?",
    "What breed is the dog?",
    "How far away is the moon?",
    "Sing a song.",
    "What is your favourite book?",
    "Solve the equation x^2 = 2.",
    "Give me the news.",
    "How do cars work?",
    "What happened in 1789?",
    "Name three rivers in Asia.",
)
OFF_TOPIC_ZH = (
    "法国的首都是哪里？",
    "谁写了红楼梦？",
    "今天天气怎么样？",
    "讲个笑话。",
    "写一首诗。",
    "现在几点？",
    "什么是量子物理？",
)


def an(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def plural(shape, n):
    return shape if n == 1 else ("crosses" if shape == "cross" else shape + "s")


def things(n, what):
    """'There is 1 red circle' and so on; `what` maps a number to the noun."""
    if n == 0:
        return f"There are no {what(0)}."
    return f"There is 1 {what(1)}." if n == 1 else f"There are {n} {what(n)}."


def full(o):
    return f"a {o.size} {o.colour} {o.shape}"


def full_zh(o):
    return f"一个{ZH[o.size]}的{ZH[o.colour]}{ZH[o.shape]}"


def joined(items, last=" and "):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]


def upper(s):
    return s[0].upper() + s[1:]


def sloppy(rng, q):
    """People type questions in several ways."""
    if rng.random() < 0.35:
        q = q.replace("colour", "color").replace("centre", "center").replace("gray", "grey")
    p = rng.random()
    if p < 0.08:
        q = q.rstrip("?.!？。")
    elif p < 0.16:
        q = q[0].lower() + q[1:]
    return q


def place_of(o):
    """Third of the picture, or None when it is close to a border between thirds."""

    def third(v):
        for edge in (0.36, 0.64):
            if abs(v - edge) < 0.035:
                return None
        return 0 if v < 0.36 else (1 if v < 0.64 else 2)

    r, c = third(o.y), third(o.x)
    return None if r is None or c is None else (r, c)


def seen(objects):
    n = len(objects)
    if n == 0:
        return "I see no objects."
    return f"I see {n} object{'s' if n > 1 else ''}: " + ", ".join(full(o) for o in objects) + "."


def spelled(text, comma=", "):
    """Its characters, each with its number."""
    return comma.join(f"{k + 1}:{c}" for k, c in enumerate(text.replace(" ", "")))


def numbered(objects):
    """[(object, its number among those of its kind so far)]"""
    so_far = Counter()
    for o in objects:
        so_far[o.colour, o.shape] += 1
        yield o, so_far[o.colour, o.shape]


def seen_groups(objects):
    """One by one, each with its number, then together."""
    each = ", ".join(f"{o.colour} {o.shape} {k}" for o, k in numbered(objects))
    together = ", ".join(f"{n} {c} {plural(s, n)}" for (c, s), n in group_counts(objects))
    return f"I see {each}. Together {together}."


def seen_zh(objects):
    if not objects:
        return "我没有看到物体。"
    things_seen = "、".join(f"{ZH[o.size]}的{ZH[o.colour]}{ZH[o.shape]}" for o in objects)
    return f"我看到{len(objects)}个物体：{things_seen}。"


def seen_groups_zh(objects):
    each = "、".join(f"{ZH[o.colour]}{ZH[o.shape]}{k}" for o, k in numbered(objects))
    together = "、".join(f"{n}个{ZH[c]}{ZH[s]}" for (c, s), n in group_counts(objects))
    return f"我看到{each}。一共{together}。"


def counted(p, name, hits):
    """How many there are of something, in a line of thought: those which are, then their number."""
    n = len(hits)
    if p.kind == "groups":
        each = [str(k) for _, k in group_counts(hits)]
        return f"{name}: {' + '.join(each)} = {n}." if len(each) > 1 else f"{name}: {n}."
    each = ", ".join(f"{o.colour} {o.shape}" for o in hits)
    return f"{name}: {each}: {n}." if hits else f"{name}: 0."


def counted_zh(p, name, hits):
    """As counted(), in Chinese."""
    n = len(hits)
    if p.kind == "groups":
        each = [str(k) for _, k in group_counts(hits)]
        return f"{name}：{'+'.join(each)}={n}个。" if len(each) > 1 else f"{name}：{n}个。"
    each = "、".join(ZH[o.colour] + ZH[o.shape] for o in hits)
    return f"{name}：{each}，{n}个。" if hits else f"{name}：0个。"


def group_counts(objects):
    k = Counter((o.colour, o.shape) for o in objects)
    return sorted(
        k.items(), key=lambda i: (-i[1], COLOUR_NAMES.index(i[0][0]), SHAPES.index(i[0][1]))
    )


def noun(shape=None, colour=None):
    return lambda n: " ".join(
        ([colour] if colour else [])
        + [plural(shape, n) if shape else ("object" if n == 1 else "objects")]
    )


def unique(objects, **want):
    found = [o for o in objects if all(getattr(o, k) == v for k, v in want.items())]
    return found[0] if len(found) == 1 else None


def refer(rng, o, objects, allow_colour=True):
    """A phrase which names exactly this object, or None."""
    options = []
    if unique(objects, shape=o.shape):
        options.append(f"the {o.shape}")
    if allow_colour and unique(objects, colour=o.colour, shape=o.shape):
        options.append(f"the {o.colour} {o.shape}")
    if allow_colour and unique(objects, colour=o.colour) and rng.random() < 0.4:
        options.append(f"the {o.colour} object")
    return rng.choice(options) if options else None


def formula(f):
    a, op, b, r = f
    sign = "\\times" if op == "×" else op
    return f"\\( {a} {sign} {b} = {r} \\)"


def spoken(f):
    a, op, b, r = f
    return f"{a} {({'+': 'plus', '-': 'minus', '×': 'times'})[op]} {b} is {r}."


def refusal(rng, questions, answer, think, questions_zh, answer_zh, think_zh):
    """What cannot be answered; `questions` makes the English questions."""
    if rng.random() < 0.15:
        return QA("unable", rng.choice(questions_zh), answer_zh, think_zh, lang="zh")
    return QA("unable", rng.choice(questions()), answer, think)


def background_question(rng, p):
    if rng.random() < 0.15:
        a = f"背景是{ZH[p.background]}的。"
        return QA("background", "背景是什么颜色？", a, a, lang="zh")
    return QA(
        "background",
        rng.choice(("What colour is the background?", "What is the background colour?")),
        f"The background is {p.background}.",
        f"The background is {p.background}.",
    )


def off_topic(rng):
    if rng.random() < 0.15:
        think = "这与图片无关，我不知道。"
        return QA("offtopic", rng.choice(OFF_TOPIC_ZH), UNABLE_TOPIC_ZH, think, lang="zh")
    return QA(
        "offtopic",
        rng.choice(OFF_TOPIC),
        UNABLE_TOPIC,
        "This is not about the picture, and I do not know it.",
    )
