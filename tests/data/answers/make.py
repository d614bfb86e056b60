#!/usr/bin/env python3
"""Writes answers.txt: answers as models write them, for the tests of the transcript.

Parts of every kind that Markdown and LaTeX have are written down here; each stands alone once, and the rest
of the answers are put together from them, always the same way. A record begins with a line "%%%% NAME KIND";
the kind is "whole" when every construct in it is closed, so that what is shown of its beginning must be a
beginning of what is shown in the end, and "loose" otherwise.

    python3 make.py > answers.txt
"""
import random

WHOLE = {
    "prose": [
        "The highest bar is **Q4**, at 100 units.",
        "There are *three* objects: a ring, a cross and a ***very small*** square.",
        "The sign reads **“No parking”**, and under it, smaller, *except residents*.",
        "First line of the poem\nsecond line of the poem\nthird line, which is longer than the others.",
        "Use `git status --short` first; then `git add -p`, which asks for each part.",
        "A literal backtick is written ``a ` b``, and a path `C:\\Users\\ann`.",
        "Yes. See [the manual](https://example.org/manual?page=2&lang=en) for the rest, or ask <https://example.org>.",
        "Write to [the office](mailto:office@example.org) or read www.example.org/help for more.",
        "It costs \\$5 with the coupon, 2 \\* 3 = 6, and \\_this\\_ is not emphasis.",
        "~~Seven~~ Eight people are in the picture; ~~two of them~~ one is waving.",
        "Fish &amp; chips, 5 &lt; 6, &copy; 2024 and caf&eacute;.",
        "A picture: ![the chart](https://example.org/chart.png) and a [link with `code` in it](https://example.org/a_b).",
        "snake_case_names and file__name__here stay as they are, and so does 5*3 in 5*3=15.",
        "The answer is 42.\\\nA backslash breaks this line.",
    ],
    "heading": [
        "# Result\n\nThe film shows a ball that falls.",
        "## What is *new* in `v2`\n\nNothing much.",
        "### 1. First\nText directly under it.\n### 2. Second\nMore text.",
        "Title of it all\n===============\n\nAnd text.\n\nA part\n------\n\nMore.",
        "#### Deep\n##### Deeper\n###### Deepest\n\nEnd.",
    ],
    "list": [
        "- a ring\n- a **cross**\n- a `square`",
        "1. Open the lid.\n2. Press the button.\n3. Wait for the *green* light.",
        "- fruit\n  - apple\n  - pear\n    - green\n    - yellow\n- bread",
        "1. one\n   - inside\n   - inside too\n2. two\n\n   A paragraph of the second.\n3. three",
        "- [x] read the film\n- [ ] answer\n- [ ] check [the source](https://example.org/s)",
        "* loose\n\n* list\n\n* with gaps",
        "7. seven\n8. eight\n9. nine",
        "- key: `value`\n- other: $x_1$\n- last: [here](https://example.org)",
        "+ plus\n+ signs\n  more of the second line",
        "- before code:\n\n  ```sh\n  ls -la\n  ```\n- after code",
        "1) first\n2) second\n10) tenth",
        "- a\n- b\n\nText after the list.\n\n- a new list\n- of two",
    ],
    "table": [
        "| Quarter | Units |\n|---|---|\n| Q1 | 66 |\n| Q4 | 100 |",
        "| Left | Middle | Right |\n|:---|:---:|---:|\n| a | b | 1.5 |\n| **c** | `d` | $2^{10}$ |",
        "|a|b|\n|-|-|\n|1|2|",
        "Before it:\n\n| Name | Formula |\n| --- | --- |\n| circle | $\\pi r^2$ |\n| square | $a^2$ |\n\nAfter it.",
        "| 图形 | 颜色 |\n|---|---|\n| 圆环 | 红 |\n| 十字 | 绿 |",
        "| A | B |\n|---|---|\n| empty | |\n| \\| pipe | `x` |",
    ],
    "quote": [
        "> The sign says: *stay out*.",
        "> one\n> two\n>\n> three after a gap",
        "> outer\n> > inner\n> > still inner\n\nOut again.",
        "> - a list\n> - in a quote\n\nand text",
    ],
    "code": [
        "```python\nfrom math import isclose\n\ndef ahead(a: float, b: float) -> str:\n    return f\"{(a - b) / b:+.1%}\"  # a comment\n```",
        "```cpp\ntemplate <class T> T twice(const T& x)\n{\n    return x + x; // <b>not html</b>\n}\n```",
        "```js\nconst f = async (x) => `${await x} & ${1 < 2}`;\n```",
        "```sh\nfor f in *.png; do\n  echo \"$f costs $5\"\ndone\n```",
        "```json\n{\"a\": [1, 2.5, null], \"b\": \"\\u00e9\"}\n```",
        "```rust\nfn main() {\n    println!(\"{}\", 'a');\n}\n```",
        "```sql\nSELECT name, count(*) FROM t WHERE x = '$1' GROUP BY 1;\n```",
        "```html\n<div class=\"a\">&amp; <script>x()</script></div>\n```",
        "```css\na:hover { color: #f00; }\n```",
        "```java\npublic class A { int x = 0x1F; }\n```",
        "```go\nfunc main() { fmt.Println(`raw`) }\n```",
        "```yaml\nkey: value\nlist:\n  - 1\n  - \"two\"\n```",
        "```diff\n- old line\n+ new line\n```",
        "```tex\n\\begin{align}\nx &= 1\n\\end{align}\n```",
        "```markdown\n# not a heading\n**not bold** $not math$\n```",
        "~~~\ntildes hold ``` ticks\n~~~",
        "````\n```\na fence in a fence\n```\n````",
        "```\nno language\n\n\nblank lines inside\n```",
        "```brainfuck\n++[>++<-]\n```",
        "```unheardof\nword word\n```",
    ],
    "math": [
        "So $x^2 + y^2 = r^2$ holds.",
        "With $a$, $b$ and $c$: $$\\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$",
        "$$\n\\Delta = 100 - 66 = 34\n$$",
        "\\[\n\\int_0^1 x^2\\,dx = \\frac13\n\\]",
        "Inline \\(e^{i\\pi} + 1 = 0\\), and again \\( a \\le b \\).",
        "\\begin{equation}\nE = mc^2\n\\end{equation}",
        "\\begin{align}\na &= b + c \\\\\n  &= d\n\\end{align}",
        "\\begin{alignat}{2}\nx &= 1 &\\quad y &= 2 \\\\\nz &= 3 & w &= 4\n\\end{alignat}",
        "\\begin{gather}\na = b \\\\\nc = d\n\\end{gather}",
        "\\begin{CD}\nA @>a>> B \\\\\n@VVbV @VVcV \\\\\nC @>d>> D\n\\end{CD}",
        "\\begin{align*}\n\\nabla \\cdot E &= \\rho \\\\\n\\nabla \\cdot B &= 0\n\\end{align*}",
        "The matrix $$A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$$ has $\\det A = -2$.",
        "$$f(x) = \\begin{cases} x & x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}$$",
        "- first $\\alpha$\n- then $$\\beta = \\gamma$$\n- last \\(\\delta\\)",
        "> quoted $x < y$\n> and $$\n> \\sum_{i=1}^n i\n> $$",
        "The price is $\\$0.60$ and $n < m$ in **bold $z$ text**.",
        "设 $f(x)=x^2$，则 $f'(x)=2x$。",
        "$$\\text{速度} = \\frac{\\text{路程}}{\\text{时间}}$$",
        "\\(\\mathbb{R}^n\\) with \\[\\lVert x \\rVert_2 = \\sqrt{\\textstyle\\sum_i x_i^2}\\] done.",
    ],
    "money": [
        "I have $24000 and you have $40000.",
        "It costs $5, not $6, and never **$7**.",
        "From $10K to $8K in a year.",
        "A dollar sign $ alone, and 5$ too.",
        "票价是$5，折后$4。",
        "`$x$` is code, $y$ is not, and $3 is a price.",
    ],
    "chinese": [
        "图中有**三个**物体：圆环、十字和*很小的*正方形。",
        "最高的是**第四季度**（100 单位），比第一季度高出 34。",
        "1. 打开盖子。\n2. 按下按钮。\n3. 等待绿灯。",
        "> 标志上写着：**禁止停车**。\n\n下面还有一行小字。",
        "这是`代码`，这是[链接](https://example.org/中文)，这是~~删除线~~。",
        "**“引号”**紧挨着文字，**括号（里面）**也一样。",
    ],
    "script": [
        "مرحبا **بالعالم** 123 و`code` هنا.",
        "שלום *עולם*: $x+1$ ו-`שם`.",
        "Emoji 👩‍👩‍👧‍👦, flags 🇫🇷🇩🇪, skin 👍🏽 and a keycap 1️⃣ in **bold 🎉**.",
        "日本語の**強調**と、한국어 *강조* 도 있다.",
        "Combining: e\u0301 a\u0308 and z\u0335\u0322a\u0327lgo; zero\u200bwidth; soft\u00adhyphen.",
        "Ελληνικά, русский **язык**, ไทย, हिन्दी *शब्द*.",
    ],
    "rule": ["Above.\n\n---\n\nBelow.", "One\n\n* * *\n\nTwo\n\n___\n\nThree"],
    "thought": [
        "The ball is seen at 00:02, again at 00:42 and at 1:02:03.",
        "It is in <box>(0.120,0.250),(0.480,0.900)</box>, marked with <point>(0.333,0.500)</point>.",
        "<ref>red apple</ref><box>(0.1,0.2),(0.3,0.4)</box>, then <ref>pears</ref> and <b>no place</b>.",
        "Lines end here:  \nwith two spaces.",
        "Escapes: \\# \\> \\[a\\](b) \\`c\\` 1\\. \\- done.",
    ],
}

LOOSE = {
    "open": [
        "**bold that never ends",
        "*emphasis\n\nthat a paragraph ends",
        "`code that never ends",
        "```python\nprint('never closed')",
        "in [<point>(0.5,0.5)</point>, <point>(0.6,0.6)</point>] and <ref>a</ref><box>(0.1,",
        "[a link](https://example.org/unfinished",
        "[a label][nowhere] and [^1] and [x]: y",
        "![picture](",
        "$x + y without an end",
        "$$\n\\frac{1}{2}",
        "\\[ x",
        "\\begin{align}\na &= b",
        "\\begin{align} a \\end{gather}",
        "| a | b |\n|---",
        "| a | b |\n| c | d |\nno rule",
        "~~gone",
        "- [ ",
        "1.",
        "#",
        "> ",
        "***",
        "&am",
        "<div>html <b>bold</b></div>\n\n<!-- comment -->",
        "<table><tr><td>x</td></tr></table>",
        "$\\nosuchcommand{x}$ and $\\frac{1}{$ and $}{$",
        "$$\\left( x$$ and \\(\\) and $$$$ and $ $",
        "a ** b ** c * d * e ~ f ~ g",
        "*a **b* c** d",
        "**a*b**c*",
        "```` a\n```\n``` x",
        "- a\n    - b\n        - c\n            - d\n   - e\n - f",
        "1. a\n- b\n2. c\n* d",
        "> a\nlazy\n> - b\nlazy too",
        "\ta tab first\n    four spaces\n\n        eight",
        "line\r\nwith\r\n\r\ncarriage returns",
        "| a |\n|---|\n| `|` | $|x|$ |",
        "|a|b|c|\n|-|-|\n|1|2|3|4|",
        "text\n| a | b |\n|---|---|\n| 1 | 2 |\ntext",
        "$a$5 and 5$a$ and $a $ b$ c$",
        "[](https://example.org) [ ](x) []() ()[]",
        "[a](javascript:x) [b](data:text/html,x) [c](//host) [d](#x) [e](/x)",
        "<https://example.org/<>> <mailto:a@b.c> <javascript:x>",
        "\\",
        "a\\",
        "** **",
        "`` ` ``` ` ``",
        "$`x`$ `$x$` $$`y`$$",
        "# a #\n## b ##\n#c\n####### d",
        "a\n-\nb\n=\nc",
        "[a](<b c> \"t\") [a](b \"t\") [a](b 't')",
        "- $$\n  x\n  $$\n- $$\ny\n$$",
        "> $$\nx\n> $$",
        "~~~ a ~~~\n~~~\nb\n~~~~",
        "x^2^ and H~2~O and ==marked== and ++added++",
        ":::note\ntext\n:::\n\n[^1]: a footnote",
        "Term\n: definition\n\n*[HTML]: abbreviation",
        "\ufdd0\ufdd1\ufdd2 \u0000 \u2028 \u2029 \ufeff \uffff",
    ],
}


def main():
    chance = random.Random(5)
    records = []
    for kind, groups in (("whole", WHOLE), ("loose", LOOSE)):
        for name, parts in groups.items():
            records += [(f"{name}-{i + 1}", kind, part) for i, part in enumerate(parts)]
    whole = [part for parts in WHOLE.values() for part in parts]
    loose = [part for parts in LOOSE.values() for part in parts]
    for i in range(60):
        parts = chance.sample(whole, chance.randint(2, 5))
        records.append((f"mixed-{i + 1}", "whole", "\n\n".join(parts)))
    for i in range(30):
        parts = chance.sample(whole, 2) + chance.sample(loose, 2)
        chance.shuffle(parts)
        records.append((f"torn-{i + 1}", "loose", chance.choice(["\n", "\n\n"]).join(parts)))
    for name, kind, text in records:
        print(f"%%%% {name} {kind}")
        print(text.replace("\u0000", "\ufffd"))


main()
