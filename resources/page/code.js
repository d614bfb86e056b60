// Blocks of code: a bar with language and copy button, and the code, highlighted line by line, so that a
// line that is there is never touched again while the next ones are written.
"use strict";

argali.code = (() => {
    const mostHighlighted = 150000; // characters; what follows stays plain
    const longestLine = 1500;
    const states = new WeakMap();
    const characters = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&"};
    const token = /<span class="([\w\- ]*)">|(<\/span>)|(&(?:lt|gt|quot|#x27|amp);)|([^<&]+|[<&])/g;

    // highlight.js gives HTML; it becomes nodes without a parser of HTML, so that nothing in it can be
    // anything but coloured text.
    const toNodes = html => {
        const top = document.createDocumentFragment();
        let parent = top;
        for (const [, name, end, entity, text] of html.matchAll(token)) {
            if (name !== undefined) {
                const span = document.createElement("span");
                span.className = name;
                parent.append(span);
                parent = span;
            } else if (end) {
                parent = parent === top ? top : parent.parentNode;
            } else {
                parent.append(entity ? characters[entity] : text);
            }
        }
        top.normalize();
        return top;
    };

    const addLines = (state, lines) => {
        for (const line of lines) {
            state.done += line.length;
            if (!state.language || line.length > longestLine || state.done > mostHighlighted) {
                state.code.append(line);
                continue;
            }
            try {
                const result = hljs.highlight(state.language, line, true, state.top);
                state.top = result.top;
                state.code.append(toNodes(result.value));
            } catch (error) { // a broken grammar is no reason to lose the code
                state.language = null;
                state.code.append(line);
            }
        }
    };

    const fill = (state, text, open) => {
        if (state.rest) {
            state.rest.remove();
            state.rest = null;
        }
        const end = open ? text.lastIndexOf("\n", text.length - 2) + 1 : text.length;
        if (end > state.done)
            addLines(state, text.slice(state.done, end).match(/[^\n]*\n|[^\n]+$/g) || []);
        if (end < text.length) {
            state.rest = document.createTextNode(text.slice(end));
            state.code.append(state.rest);
        }
        state.text = text;
    };

    const textOf = tree => tree.slice(2).join("");

    return {
        build(tree) {
            const name = tree[1].language || "";
            const box = document.createElement("div");
            box.className = "code";
            const bar = document.createElement("div");
            bar.className = name ? "bar" : "bar bare";
            const label = document.createElement("span");
            label.textContent = name;
            const button = argali.button("icon wide", "copy", "copyCode");
            bar.append(label, button);
            const pre = document.createElement("pre");
            pre.tabIndex = 0; // may have to be scrolled by keyboard
            const code = document.createElement("code");
            pre.append(code);
            box.append(bar, pre);
            const state = {code, done: 0, text: "", rest: null, top: undefined,
                           language: name && hljs.getLanguage(name) ? name : null};
            states.set(box, state);
            button.addEventListener("click", () => {
                argali.ring({what: "copyCode", text: state.text});
                argali.confirm(button);
            });
            fill(state, textOf(tree), Boolean(tree[1].open));
            return box;
        },
        update(box, tree) {
            const state = states.get(box);
            const text = textOf(tree);
            if (!text.startsWith(state.text.slice(0, state.done)))
                return false;
            fill(state, text, Boolean(tree[1].open));
            return true;
        },
    };
})();
