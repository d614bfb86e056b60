"""Questions about films and about pairs of pictures."""

from wording import (
    DESCRIBE,
    DESCRIBE_ZH,
    ONE_PICTURE,
    ONE_PICTURE_ZH,
    QA,
    ZH,
    an,
    noun,
    refusal,
    things,
    upper,
)

DESCRIBE_FILM = (
    "Describe this video.",
    "What happens in this film?",
    "What happens in the video?",
    "Describe the film.",
    "What do you see?",
    "Describe this video in detail.",
)
DESCRIBE_FILM_ZH = ("描述这段视频。", "视频里发生了什么？")


def looked_at(film, qa):
    """[(frame from 1, object)] that the answer is about."""
    end = len(film.frames)
    first, last = ([(k, o) for o in film.frames[k - 1].objects] for k in (1, end))
    if qa.type == "film_count":
        return first if "start" in qa.q else last
    if film.kind in ("recolour", "appear"):
        k = film.facts["frame"]
        return [(k, film.frames[k - 1].objects[-1])]
    return first + last


def ask_film(rng, film, count, due=None):
    """Up to `count` different questions about a film, of those that are due(rng, question)."""
    f = film.facts
    bg = film.background
    out = []
    last, first = film.frames[-1].objects, film.frames[0].objects

    def last_count():
        k = len(last)
        return QA(
            "film_count",
            rng.choice(
                (
                    "How many objects are there at the end?",
                    "How many objects are in the last frame?",
                )
            ),
            things(k, noun())[:-1] + " at the end.",
            f"In the first frame there are {len(first)}, in the last frame there are {k}.",
        )

    if film.kind == "move":
        o, d = f["object"], f["direction"]
        how = {
            "right": "from left to right",
            "left": "from right to left",
            "down": "from top to bottom",
            "up": "from bottom to top",
        }[d]
        to = {"right": "to the right", "left": "to the left", "down": "down", "up": "up"}[d]
        start = {
            "right": "on the left",
            "left": "on the right",
            "down": "at the top",
            "up": "at the bottom",
        }[d]
        s = f"The {o.colour} {o.shape} starts {start} and moves {to}."
        z = f"{ZH[o.colour]}{ZH[o.shape]}向{ZH[d]}移动。"
        out += [
            (
                4,
                lambda: QA(
                    "film_move",
                    rng.choice(
                        (
                            f"Which way does the {o.shape} move?",
                            f"In which direction does the {o.shape} move?",
                            "Which way does it move?",
                            "Which direction does the object move?",
                        )
                    ),
                    f"The {o.shape} moves {to}.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_move",
                    "物体往哪个方向移动？",
                    f"{ZH[o.shape]}向{ZH[d]}移动。",
                    z,
                    lang="zh",
                ),
            ),
            (
                2,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM),
                    f"A {o.colour} {o.shape} moves {how} on a {bg} background.",
                    s,
                ),
            ),
            (
                0.7,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM_ZH),
                    f"一个{ZH[o.colour]}{ZH[o.shape]}向{ZH[d]}移动。",
                    z,
                    lang="zh",
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_colour",
                    f"What colour is the {o.shape}?",
                    f"The {o.shape} is {o.colour}.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_change", "Does it change its colour?", f"No, it stays {o.colour}.", s
                ),
            ),
        ]
    elif film.kind == "recolour":
        o = f["object"]
        s = f"The {o.shape} is {f['from']} at first and {f['to']} from frame {f['frame']}."
        z = f"{ZH[o.shape]}先是{ZH[f['from']]}，从第{f['frame']}帧起是{ZH[f['to']]}。"
        out += [
            (
                4,
                lambda: QA(
                    "film_change",
                    rng.choice(
                        (
                            "What colour does it change to?",
                            f"What colour does the {o.shape} change to?",
                            f"Which colour does the {o.shape} have at the end?",
                        )
                    ),
                    f"It changes from {f['from']} to {f['to']}.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_change",
                    "它变成了什么颜色？",
                    f"它从{ZH[f['from']]}变成{ZH[f['to']]}。",
                    z,
                    lang="zh",
                ),
            ),
            (
                2,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM),
                    f"A {o.shape} changes from {f['from']} to {f['to']} on a {bg} background.",
                    s,
                ),
            ),
            (
                1.5,
                lambda: QA(
                    "film_frame",
                    rng.choice(
                        ("In which frame does the colour change?", "When does the colour change?")
                    ),
                    f"The colour changes in frame {f['frame']}.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_change",
                    "Does it change its colour?",
                    f"Yes, it changes from {f['from']} to {f['to']}.",
                    s,
                ),
            ),
            (
                0.7,
                lambda: QA(
                    "film_frame",
                    "颜色在第几帧改变？",
                    f"颜色在第{f['frame']}帧改变。",
                    z,
                    lang="zh",
                ),
            ),
            (0.7, lambda: QA("film_move", "Which way does it move?", "It does not move.", s)),
        ]
    elif film.kind == "count":
        s = f"In the first frame there are {f['first']}, in the last frame there are {f['last']}."
        z = f"第一帧有{f['first']}个，最后一帧有{f['last']}个。"
        out += [
            (4, last_count),
            (
                1.5,
                lambda: QA(
                    "film_count",
                    "How many objects are there at the start?",
                    things(f["first"], noun())[:-1] + " at the start.",
                    s,
                ),
            ),
            (
                2,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM),
                    f"The number of objects goes from {f['first']} to {f['last']} on a {bg} background.",
                    s,
                ),
            ),
            (
                0.7,
                lambda: QA(
                    "film_count", "最后有几个物体？", f"最后有{f['last']}个物体。", z, lang="zh"
                ),
            ),
        ]
    elif film.kind == "appear":
        o = f["object"]
        s = f"The {o.colour} {o.shape} is not there at first and appears in frame {f['frame']}."
        z = f"{ZH[o.colour]}{ZH[o.shape]}从第{f['frame']}帧起出现。"
        out += [
            (
                4,
                lambda: QA(
                    "film_frame",
                    rng.choice(
                        (
                            f"In which frame does the {o.shape} appear?",
                            f"When does the {o.shape} appear?",
                        )
                    ),
                    f"The {o.shape} appears in frame {f['frame']}.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_frame",
                    f"{ZH[o.shape]}在第几帧出现？",
                    f"{ZH[o.shape]}在第{f['frame']}帧出现。",
                    z,
                    lang="zh",
                ),
            ),
            (
                2,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM),
                    f"{upper(an(o.colour))} {o.shape} appears in frame {f['frame']} on a {bg} background.",
                    s,
                ),
            ),
            (
                1.5,
                lambda: QA(
                    "film_colour",
                    f"What colour is the {o.shape}?",
                    f"The {o.shape} is {o.colour}.",
                    s,
                ),
            ),
            (1.5, last_count),
            (
                1,
                lambda: QA(
                    "film_appear",
                    rng.choice(("What appears?", "Which object appears?")),
                    f"{upper(an(o.colour))} {o.shape} appears.",
                    s,
                ),
            ),
        ]
    else:
        o = f["object"]
        word = "bigger" if f["bigger"] else "smaller"
        s = f"The {o.colour} {o.shape} gets {word} from frame to frame."
        out += [
            (
                3,
                lambda: QA(
                    "film_grow",
                    rng.choice(
                        (
                            "Does it get bigger or smaller?",
                            f"Does the {o.shape} get bigger or smaller?",
                            "How does its size change?",
                        )
                    ),
                    f"The {o.shape} gets {word}.",
                    s,
                ),
            ),
            (
                2,
                lambda: QA(
                    "film_describe",
                    rng.choice(DESCRIBE_FILM),
                    f"A {o.colour} {o.shape} gets {word} on a {bg} background.",
                    s,
                ),
            ),
            (
                1,
                lambda: QA(
                    "film_colour",
                    f"What colour is the {o.shape}?",
                    f"The {o.shape} is {o.colour}.",
                    s,
                ),
            ),
            (0.7, lambda: QA("film_move", "Which way does it move?", "It does not move.", s)),
        ]
    weights = [w for w, _ in out]
    got, used = [], set()
    for _ in range(count * 5):
        qa = rng.choices(out, weights)[0][1]()
        if qa.q not in used and len(got) < count and (not due or due(rng, qa)):
            used.add(qa.q)
            qa.a = qa.a.replace("A orange", "An orange")
            qa.at = looked_at(film, qa)
            got.append(qa)
    return got


def ask_pair(rng, count=2):
    """Questions about two pictures at once, which were too much for a model of this size."""

    def questions():
        return (
            "What differs?",
            "What is the difference?",
            "What changed between the pictures?",
            "Find the difference.",
            "Compare the pictures.",
            "How many objects are in the first picture?",
            "How many objects are in the second picture?",
            "Which picture has more objects?",
            *DESCRIBE,
        )

    english = (questions, ONE_PICTURE, "There are two pictures.")
    chinese = (("有什么不同？", *DESCRIBE_ZH), ONE_PICTURE_ZH, "这里有两张图片。")
    return [refusal(rng, *english, *chinese) for _ in range(count)]
