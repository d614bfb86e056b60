"""Questions about scenes of objects."""

from facts import COLOUR_NAMES, SHAPES, SIZE_NAMES
from wording import (
    COUNT,
    COUNT_ZH,
    DESCRIBE,
    DESCRIBE_ZH,
    PLACES,
    QA,
    READ,
    READ_ZH,
    ZH,
    an,
    background_question,
    counted,
    counted_zh,
    full,
    full_zh,
    group_counts,
    joined,
    noun,
    off_topic,
    place_of,
    plural,
    refer,
    seen,
    seen_groups,
    seen_groups_zh,
    seen_zh,
    things,
    unique,
    upper,
)


def describe_objects(p):
    o, bg = p.objects, p.background
    if p.kind == "groups":
        parts = [f"{n} {c} {plural(s, n)}" for (c, s), n in group_counts(o)]
        return f"{upper(joined(parts))} on a {bg} background."
    if len(o) == 1:
        return f"{upper(full(o[0]))} on a {bg} background."
    if len(o) == 2 and p.relation:
        how = "to the left of" if p.relation == "left" else "above"
        return f"{upper(full(o[0]))} {how} {full(o[1])} on a {bg} background."
    return f"{upper(joined([full(x) for x in o]))} on a {bg} background."


def describe_zh(p):
    o, bg = p.objects, ZH[p.background]
    if p.kind == "groups":
        return (
            f"{bg}背景上有"
            + "、".join(f"{n}个{ZH[c]}{ZH[s]}" for (c, s), n in group_counts(o))
            + "。"
        )
    if len(o) == 2 and p.relation:
        how = "左边" if p.relation == "left" else "上方"
        return f"{bg}背景上有两个物体：{full_zh(o[0])}在{full_zh(o[1])}的{how}。"
    return f"{bg}背景上有" + "、".join(full_zh(x) for x in o) + "。"


def object_questions(rng, p):
    """Makers of questions about a scene of objects: list of (weight, function)."""
    O = p.objects
    n = len(O)
    s0 = seen(O) if p.kind != "groups" else seen_groups(O)
    z0 = seen_zh(O) if p.kind != "groups" else seen_groups_zh(O)
    out = []

    def add(weight, f):
        out.append((weight, f))

    def one_word(q, a, short, type_, think, **what):
        if rng.random() < 0.12:
            return QA(type_, q + " Answer in one word.", upper(short), think, **what)
        return QA(type_, q, a, think, **what)

    add(3.5, lambda: QA("describe", rng.choice(DESCRIBE), describe_objects(p), s0))
    add(0.6, lambda: QA("describe", rng.choice(DESCRIBE_ZH), describe_zh(p), z0, lang="zh"))
    add(
        1.6,
        lambda: QA(
            "list",
            rng.choice(
                (
                    "List the objects.",
                    "List all objects as bullet points.",
                    "Make a bullet list of what you see.",
                    "List what you see.",
                )
            ),
            "\n".join(f"- {o.size} {o.colour} {o.shape}" for o in O)
            if p.kind != "groups"
            else "\n".join(f"- {k} {c} {plural(s, k)}" for (c, s), k in group_counts(O)),
            s0,
        ),
    )

    def list_zh():
        rows = (
            [f"- {k}个{ZH[c]}{ZH[s]}" for (c, s), k in group_counts(O)]
            if p.kind == "groups"
            else [f"- {ZH[o.size]}的{ZH[o.colour]}{ZH[o.shape]}" for o in O]
        )
        q = rng.choice(("列出所有物体。", "列出物体。", "请列出你看到的物体。"))
        return QA("list", q, "\n".join(rows), z0, lang="zh")

    add(0.3, list_zh)

    def table_zh():
        if p.kind == "groups":
            rows = ["| 形状 | 颜色 | 数量 |", "| --- | --- | --- |"]
            rows += [f"| {ZH[s]} | {ZH[c]} | {k} |" for (c, s), k in group_counts(O)]
        else:
            rows = ["| 形状 | 颜色 | 大小 |", "| --- | --- | --- |"]
            rows += [f"| {ZH[o.shape]} | {ZH[o.colour]} | {ZH[o.size]} |" for o in O]
        q = rng.choice(("用表格列出物体。", "做一个物体的表格。"))
        return QA("table", q, "\n".join(rows), z0, lang="zh")

    add(0.3, table_zh)

    def table():
        q = rng.choice(
            (
                "Make a table of the objects.",
                "Show the objects in a table.",
                "List the objects in a Markdown table.",
                "Give me a table.",
            )
        )
        if p.kind == "groups":
            rows = ["| shape | colour | count |", "| --- | --- | --- |"] + [
                f"| {s} | {c} | {k} |" for (c, s), k in group_counts(O)
            ]
        else:
            rows = ["| shape | colour | size |", "| --- | --- | --- |"] + [
                f"| {o.shape} | {o.colour} | {o.size} |" for o in O
            ]
        return QA("table", q, "\n".join(rows), s0)

    add(2.4, table)

    def count_all():
        think = f"{s0} " + (counted(p, "Objects", O) if p.kind == "groups" else f"Together: {n}.")
        return one_word(rng.choice(COUNT), things(n, noun()), str(n), "count", think, counted=O)

    add(2.0 if p.kind == "groups" else 1.5, count_all)
    count_zh = z0 + (counted_zh(p, "物体", O) if p.kind == "groups" else "")
    zh = {"think": count_zh, "lang": "zh", "counted": O}
    add(0.4, lambda: QA("count", rng.choice(COUNT_ZH), f"有{n}个物体。", **zh))

    def count_some():
        o = rng.choice(O)
        roll = rng.random()
        if roll < 0.4:
            c = o.colour if rng.random() < 0.8 else rng.choice(COLOUR_NAMES)
            hits = [x for x in O if x.colour == c]
            w = noun(colour=c)
            lang_word = ZH[c] + "物体"
        elif roll < 0.8:
            s = o.shape if rng.random() < 0.8 else rng.choice(SHAPES)
            hits = [x for x in O if x.shape == s]
            w = noun(shape=s)
            lang_word = ZH[s]
        else:
            hits = [x for x in O if x.shape == o.shape and x.colour == o.colour]
            w = noun(o.shape, o.colour)
            lang_word = ZH[o.colour] + ZH[o.shape]
        k = len(hits)
        if rng.random() < 0.12:
            return QA(
                "count",
                f"有几个{lang_word}？",
                f"有{k}个{lang_word}。" if k else f"没有{lang_word}。",
                z0 + counted_zh(p, lang_word, hits),
                lang="zh",
                counted=hits,
            )
        return one_word(
            f"How many {w(2)} are there?",
            things(k, w),
            str(k) if k else "none",
            "count",
            f"{s0} {counted(p, upper(w(2)), hits)}",
            counted=hits,
        )

    add(3.5 if p.kind == "groups" else 2.0, count_some)

    def colour():
        o = rng.choice(O)
        r = refer(rng, o, O, allow_colour=False)
        if not r:
            return None
        if rng.random() < 0.15:
            return QA(
                "colour",
                f"{ZH[o.shape]}是什么颜色？",
                f"{ZH[o.shape]}是{ZH[o.colour]}的。",
                z0,
                lang="zh",
                about=o,
            )
        return one_word(
            rng.choice(
                (
                    f"What colour is {r}?",
                    f"What is the colour of {r}?",
                    f"Which colour does {r} have?",
                )
            ),
            f"{upper(r)} is {o.colour}.",
            o.colour,
            "colour",
            f"{s0} {upper(r)} is {o.colour}.",
            about=o,
        )

    add(3.0, colour)

    def shape():
        o = rng.choice(O)
        if not unique(O, colour=o.colour):
            return None
        if rng.random() < 0.15:
            return QA(
                "shape",
                f"{ZH[o.colour]}物体是什么形状？",
                f"{ZH[o.colour]}物体是{ZH[o.shape]}。",
                z0,
                lang="zh",
                about=o,
            )
        return one_word(
            rng.choice(
                (
                    f"What shape is the {o.colour} object?",
                    f"What is the {o.colour} thing?",
                    f"Which shape is {o.colour}?",
                )
            ),
            f"The {o.colour} object is a {o.shape}.",
            o.shape,
            "shape",
            f"{s0} The {o.colour} object is a {o.shape}.",
            about=o,
        )

    add(2.5, shape)

    def size():
        o = rng.choice(O)
        r = refer(rng, o, O)
        if not r:
            return None
        if rng.random() < 0.12 and unique(O, shape=o.shape):
            q = rng.choice((f"{ZH[o.shape]}有多大？", f"{ZH[o.shape]}的大小是什么？"))
            a = f"{ZH[o.shape]}是{ZH[o.size]}的。"
            return QA("size", q, a, z0, lang="zh", about=o)
        return QA(
            "size",
            rng.choice(
                (f"How big is {r}?", f"What size is {r}?", f"Is {r} small, medium or large?")
            ),
            f"{upper(r)} is {o.size}.",
            f"{s0} {upper(r)} is {o.size}.",
            about=o,
        )

    add(2.2 if p.kind != "groups" else 0.2, size)

    def position():
        o = rng.choice(O)
        r = refer(rng, o, O)
        where = place_of(o)
        if not r or not where:
            return None
        if rng.random() < 0.12 and unique(O, shape=o.shape):
            return QA(
                "position",
                f"{ZH[o.shape]}在哪里？",
                f"{ZH[o.shape]}在{PLACES[where][1]}。",
                z0,
                lang="zh",
                about=o,
            )
        return QA(
            "position",
            rng.choice(
                (
                    f"Where is {r}?",
                    f"In which part of the picture is {r}?",
                    f"Where do you see {r}?",
                )
            ),
            f"{upper(r)} is {PLACES[where][0]}.",
            f"{s0} {upper(r)} is {PLACES[where][0]}.",
            about=o,
        )

    add(5.0, position)

    def exists():
        o = rng.choice(O)
        s, c = o.shape, o.colour
        if rng.random() < 0.55:  # something close to it that is not there
            if rng.random() < 0.5:
                s = rng.choice(SHAPES)
            else:
                c = rng.choice([x.colour for x in O] + COLOUR_NAMES[:8])
        if rng.random() < 0.35:
            hits, w = [x for x in O if x.shape == s], s
        else:
            hits, w = [x for x in O if (x.shape, x.colour) == (s, c)], f"{c} {s}"
        there = len(hits) > 0
        known = {"about": hits[0] if len(hits) == 1 else None, "found": there}
        if rng.random() < 0.12:
            z = "".join(ZH[x] for x in w.split(" "))
            return QA(
                "yesno",
                f"图中有{z}吗？",
                f"有，图中有{z}。" if there else f"没有，图中没有{z}。",
                z0 + counted_zh(p, z, hits),
                lang="zh",
                **known,
            )
        a = f"Yes, there is {an(w)}." if there else f"No, there is no {w}."
        return QA(
            "yesno",
            rng.choice(
                (f"Is there {an(w)}?", f"Do you see {an(w)}?", f"Is there {an(w)} in the picture?")
            ),
            a,
            f"{s0} {counted(p, upper(w), hits)}",
            **known,
        )

    add(1.6, exists)

    def is_colour():
        o = rng.choice(O)
        if not unique(O, shape=o.shape):
            return None
        c = o.colour if rng.random() < 0.5 else rng.choice(COLOUR_NAMES)
        a = f"Yes, the {o.shape} is {c}." if c == o.colour else f"No, the {o.shape} is {o.colour}."
        think = f"{s0} The {o.shape} is {o.colour}, " + (f"not {c}." if c != o.colour else "yes.")
        return QA("yesno", f"Is the {o.shape} {c}?", a, think, about=o)

    add(1.0, is_colour)

    def bigger():
        if n < 2:
            return None
        a, b = rng.sample(O, 2)
        if a.size == b.size:
            return None
        ra, rb = refer(rng, a, O), refer(rng, b, O)
        if not ra or not rb or ra == rb:
            return None
        word = rng.choice(("bigger", "bigger", "larger", "smaller"))
        ia, ib = SIZE_NAMES.index(a.size), SIZE_NAMES.index(b.size)
        best = a if (ia > ib) == (word != "smaller") else b
        win = ra if best is a else rb
        if rng.random() < 0.12 and unique(O, shape=a.shape) and unique(O, shape=b.shape):
            how = "小" if word == "smaller" else "大"
            q = f"哪个更{how}，{ZH[a.shape]}还是{ZH[b.shape]}？"
            return QA("compare", q, f"{ZH[best.shape]}更{how}。", z0, lang="zh", about=best)
        return QA(
            "compare",
            f"Which is {word}, {ra} or {rb}?",
            f"{upper(win)} is {word}.",
            f"{s0} {upper(ra)} is {a.size}, {rb} is {b.size}.",
            about=best,
        )

    add(2.2 if p.kind != "groups" else 0, bigger)

    def relation():
        if n < 2:
            return None
        o = rng.choice(O)
        r = refer(rng, o, O)
        if not r:
            return None
        way = rng.choice(("left", "right", "above", "below"))
        if p.relation:
            way = rng.choice(("left", "right") if p.relation == "left" else ("above", "below"))
        key = {
            "left": lambda x: o.x - x.x,
            "right": lambda x: x.x - o.x,
            "above": lambda x: o.y - x.y,
            "below": lambda x: x.y - o.y,
        }[way]
        others = [x for x in O if x is not o]
        if any(abs(key(x)) < 0.08 for x in others):
            return None
        hit = [x for x in others if key(x) > 0]
        phrase = {
            "left": "to the left of",
            "right": "to the right of",
            "above": "above",
            "below": "below",
        }[way]
        q = rng.choice((f"What is {phrase} {r}?", f"Which object is {phrase} {r}?"))
        if len(hit) > 1:
            return None
        if not hit:
            if rng.random() < 0.6:
                return None
            return QA("relation", q, f"There is nothing {phrase} {r}.", s0, found=False)
        a = f"{upper(full(hit[0]))} is {phrase} {r}."
        return QA("relation", q, a, s0, about=hit[0], found=True)

    add(3.4 if p.kind != "groups" else 0, relation)

    def extreme():
        if n < 2:
            return None
        way = rng.choice(("leftmost", "rightmost", "highest", "lowest", "largest", "smallest"))
        if way in ("largest", "smallest"):
            ranks = sorted(O, key=lambda x: SIZE_NAMES.index(x.size), reverse=way == "largest")
            if ranks[0].size == ranks[1].size:
                return None
        else:
            key = {
                "leftmost": lambda x: x.x,
                "rightmost": lambda x: -x.x,
                "highest": lambda x: x.y,
                "lowest": lambda x: -x.y,
            }[way]
            ranks = sorted(O, key=key)
            if abs(key(ranks[0]) - key(ranks[1])) < 0.05:
                return None
        o = ranks[0]
        q = rng.choice((f"Which object is the {way}?", f"What is the {way} object?"))
        if way in ("leftmost", "rightmost") and rng.random() < 0.4:
            q = f"What is on the far {way[:-4]}?"
        return QA(
            "compare" if "est" in way and way not in ("highest", "lowest") else "relation",
            q,
            f"{upper(full(o))}.",
            s0,
            about=o,
        )

    add(1.6 if p.kind != "groups" else 0, extreme)

    add(0.6, lambda: background_question(rng, p))

    def missing():
        s = rng.choice([s for s in SHAPES if all(x.shape != s for x in O)] or [None])
        if s is None:
            return None
        if rng.random() < 0.12:
            q = rng.choice((f"{ZH[s]}是什么颜色？", f"{ZH[s]}在哪里？", f"{ZH[s]}有多大？"))
            return QA("missing", q, f"图中没有{ZH[s]}。", z0, lang="zh", found=False)
        return QA(
            "missing",
            rng.choice((f"What colour is the {s}?", f"Where is the {s}?", f"How big is the {s}?")),
            f"There is no {s} in the picture.",
            f"{s0} There is no {s}.",
            found=False,
        )

    add(1.0, missing)
    add(0.5, lambda: QA("missing", rng.choice(READ), "There is no text in the picture.", s0))
    add(0.08, lambda: QA("missing", rng.choice(READ_ZH), "图中没有文字。", z0, lang="zh"))

    def followup_zh():
        o = rng.choice(O)
        c = o.colour if rng.random() < 0.8 else rng.choice(COLOUR_NAMES)
        hits = [x for x in O if x.colour == c]
        k = len(hits)
        a = f"有{k}个{ZH[c]}物体。" if k else f"没有{ZH[c]}物体。"
        first = (rng.choice(COUNT_ZH), f"有{n}个物体。")
        think = z0 + counted_zh(p, ZH[c] + "物体", hits)
        q = f"其中有几个是{ZH[c]}的？"
        return QA("followup", q, a, think, [first], lang="zh", counted=hits)

    def followup():
        if rng.random() < 0.12:
            return followup_zh()
        roll = rng.random()
        if roll < 0.5:
            o = rng.choice(O)
            first = rng.choice(COUNT)
            a1 = things(n, noun())
            if rng.random() < 0.5:
                c = o.colour if rng.random() < 0.8 else rng.choice(COLOUR_NAMES)
                hits = [x for x in O if x.colour == c]
                k = len(hits)
                return QA(
                    "followup",
                    rng.choice((f"And how many of them are {c}?", f"How many of them are {c}?")),
                    things(k, noun(colour=c)),
                    f"{s0} {counted(p, upper(noun(colour=c)(2)), hits)}",
                    [(first, a1)],
                    counted=hits,
                )
            s = o.shape if rng.random() < 0.8 else rng.choice(SHAPES)
            hits = [x for x in O if x.shape == s]
            k = len(hits)
            return QA(
                "followup",
                f"And how many {plural(s, 2)}?",
                things(k, noun(shape=s)),
                f"{s0} {counted(p, upper(plural(s, 2)), hits)}",
                [(first, a1)],
                counted=hits,
            )
        o = rng.choice(O)
        if not unique(O, shape=o.shape):
            return None
        a1 = f"The {o.shape} is {o.colour}."
        where = place_of(o)
        if where and rng.random() < 0.5:
            return QA(
                "followup",
                rng.choice(("And where is it?", "Where is it?")),
                f"The {o.shape} is {PLACES[where][0]}.",
                s0,
                [(f"What colour is the {o.shape}?", a1)],
                about=o,
            )
        if p.kind == "groups":
            return None
        return QA(
            "followup",
            rng.choice(("And how big is it?", "What size is it?")),
            f"The {o.shape} is {o.size}.",
            s0,
            [(f"What colour is the {o.shape}?", a1)],
            about=o,
        )

    add(1.8, followup)
    add(0.35, lambda: off_topic(rng))
    return out
