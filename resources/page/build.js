// Rendered Markdown arrives as trees, [tag, {attributes}, children...] or text, and becomes nodes here:
// only of the kinds listed, never by way of HTML. One tree makes one node, so that the tree of the next
// update can be compared with the last one and only what differs is changed.
"use strict";

argali.build = (() => {
    const simple = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "blockquote", "hr", "br", "table",
                            "thead", "tbody", "tr", "em", "strong", "del", "code"]);

    const element = (name, className) => {
        const node = document.createElement(name);
        if (className)
            node.className = className;
        return node;
    };

    const link = attributes => {
        const node = element("a");
        if (/^(https?|mailto):/.test(attributes.href)) {
            node.href = attributes.href;
            node.title = attributes.href;
        }
        node.rel = "noreferrer";
        return node;
    };

    const makers = {
        a: attributes => link(attributes),
        picture: (attributes, children) => {
            const node = link(attributes);
            const host = element("span", "host");
            host.textContent = " (" + new URL(attributes.href).host + ")";
            node.append(argali.icon("picture"), children.join("") || argali.word("picture"), host);
            return node;
        },
        ol: attributes => {
            const node = element("ol");
            if (attributes.start)
                node.start = Number(attributes.start);
            return node;
        },
        li: attributes => element("li", attributes.task ? "task" : ""),
        task: attributes => {
            const node = element("span", "box");
            node.setAttribute("role", "img");
            node.setAttribute("aria-label", argali.word(attributes.done ? "done" : "notDone"));
            if (attributes.done)
                node.append(argali.icon("check"));
            return node;
        },
        th: attributes => element("th", attributes.align),
        td: attributes => element("td", attributes.align),
        wide: () => element("div", "wide"),
        plain: () => element("pre", "plain"),
        live: attributes => argali.live.build(attributes),
        math: attributes => argali.math.build(attributes),
        "code-block": (attributes, children) => argali.code.build(["code-block", attributes, ...children]),
    };
    const whole = new Set(["picture", "task", "math", "code-block"]); // their makers see to the children

    const build = tree => {
        if (typeof tree === "string")
            return document.createTextNode(tree);
        const [tag, attributes, ...children] = tree;
        if (!simple.has(tag) && !Object.hasOwn(makers, tag))
            throw new Error("no such node: " + tag);
        const node = simple.has(tag) ? element(tag) : makers[tag](attributes, children);
        if (!whole.has(tag))
            node.append(...children.map(build));
        return node;
    };

    const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

    // Whether node, which shows the tree before, could be made to show the tree after.
    const update = (node, before, after) => {
        if (typeof before === "string" || typeof after === "string") {
            if (typeof before !== typeof after)
                return false;
            if (after.startsWith(before)) {
                if (after.length > before.length)
                    node.appendData(after.slice(before.length));
            } else {
                node.data = after;
            }
            return true;
        }
        if (before[0] !== after[0])
            return false;
        if (after[0] === "code-block")
            return before[1].language === after[1].language && argali.code.update(node, after);
        if (!isSame(before[1], after[1]))
            return false;
        if (whole.has(after[0]))
            return isSame(before, after);
        patch(node, before.slice(2), after.slice(2));
        return true;
    };

    // Children of parent from the trees before to the trees after.
    const patch = (parent, before, after) => {
        after.forEach((tree, i) => {
            const node = i < before.length ? parent.childNodes[i] : null;
            if (node && update(node, before[i], tree))
                return;
            if (node)
                parent.replaceChild(build(tree), node);
            else
                parent.append(build(tree));
        });
        while (parent.childNodes.length > after.length)
            parent.lastChild.remove();
    };

    return {patch, element};
})();
