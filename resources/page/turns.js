// Turns of the chat: a question with its pictures, an answer with its thinking. The window sends commands;
// each command says how a part looks now, so that the same command twice changes nothing.
"use strict";

argali.turns = (() => {
    const {element, patch} = argali.build;
    const list = document.getElementById("turns");
    const views = new Map(); // turn → its parts, in the order of the transcript

    const labelled = (node, text) => {
        node.textContent = text;
        return node;
    };

    const button = (turn, icon, word, what) => {
        const node = argali.button("icon", icon, word);
        node.addEventListener("click", () => {
            argali.ring({what, turn});
            if (what === "copy")
                argali.confirm(node);
        });
        return node;
    };

    const picture = ({source, badge, film, width, height}) => {
        const box = element("div", "picture");
        if (source.startsWith("data:image/")) {
            const image = element("img");
            image.width = width;
            image.height = height;
            image.alt = badge;
            image.src = source;
            box.append(image);
        }
        if (badge) {
            const tag = element("span", "badge");
            if (film)
                tag.append(argali.icon("film"));
            tag.append(badge);
            box.append(tag);
        }
        return box;
    };

    const stream = () => ({box: element("div", "markdown"), open: null});

    const question = ({turn, text, pictures}) => {
        const section = element("section", "turn");
        section.dataset.turn = turn;
        const box = element("div", "question");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", argali.word("question"));
        if (pictures.length > 0) {
            const row = element("div", "pictures");
            row.append(...pictures.map(picture));
            box.append(row);
        }
        if (text)
            box.append(labelled(element("div", "bubble"), text));
        section.append(box);
        list.append(section);
        views.set(turn, {section, text: stream(), thought: stream()});
        argali.scroll.toEnd();
    };

    const answer = ({turn, model, source}) => {
        const view = views.get(turn);
        if (!view.answer) {
            view.answer = element("article", "answer");
            view.answer.setAttribute("aria-label", argali.word("answer"));
            view.who = element("div", "who");
            view.answer.append(view.who, view.text.box);
            view.section.append(view.answer);
        }
        view.who.replaceChildren(labelled(element("b"), model), labelled(element("span"), source));
    };

    const makeThinking = (turn, view) => {
        const box = element("div", "thinking");
        const fold = element("button", "fold");
        fold.type = "button";
        const label = element("span", "label");
        fold.append(argali.icon("fold"), label);
        const meter = element("div", "meter");
        meter.append(element("i"));
        const count = element("span", "count");
        const now = element("button", "pill");
        now.type = "button";
        now.textContent = argali.word("answerNow");
        now.addEventListener("click", () => argali.ring({what: "answerNow", turn}));
        const bar = element("div", "bar");
        bar.append(fold, meter, count, now);
        box.append(bar, view.thought.box);
        view.answer.insertBefore(box, view.text.box);
        const thinking = {box, fold, label, meter, count, now, touched: false};
        fold.title = argali.word("thinking");
        fold.addEventListener("click", () => {
            thinking.touched = true;
            setFolded(thinking, !box.classList.contains("folded"));
        });
        return thinking;
    };

    const setFolded = (thinking, folded) => {
        thinking.box.classList.toggle("folded", folded);
        thinking.fold.setAttribute("aria-expanded", String(!folded));
    };

    const thinking = ({turn, label, count, filled, done, answerNow}) => {
        const view = views.get(turn);
        view.thinking = view.thinking || makeThinking(turn, view);
        const parts = view.thinking;
        parts.label.textContent = label;
        parts.count.textContent = count;
        parts.meter.hidden = filled < 0;
        parts.meter.firstChild.style.width = (100 * Math.max(0, filled)) + "%";
        parts.now.hidden = !answerNow;
        if (!parts.touched)
            setFolded(parts, done);
    };

    const blocks = ({turn, part, at, open, blocks: trees}) => {
        const view = views.get(turn);
        const target = part === "thinking" ? view.thought : view.text;
        trees.forEach((tree, i) => {
            const index = at + i;
            const isOpen = open && i === trees.length - 1;
            let box = target.box.childNodes[index];
            if (!box) {
                box = element("div", "block");
                target.box.append(box);
                target.open = null;
            }
            patch(box, target.open || [], tree);
            target.open = isOpen ? tree : null; // a finished block is never looked at again
        });
        while (target.box.childNodes.length > at + trees.length)
            target.box.lastChild.remove();
    };

    const failure = (turn, {sentence, details, actions}) => {
        const box = element("div", "failure");
        box.setAttribute("role", "alert");
        const line = element("div", "sentence");
        line.append(argali.icon("warning"), labelled(element("span"), sentence));
        box.append(line);
        const row = element("div", "row");
        for (const {id, text} of actions) {
            const node = labelled(element("button", "button"), text);
            node.type = "button";
            node.addEventListener("click", () => argali.ring({what: "action", turn, id}));
            row.append(node);
        }
        if (details) {
            const more = labelled(element("pre"), details);
            more.hidden = true;
            const fold = element("button", "fold");
            fold.type = "button";
            fold.append(argali.icon("fold"), argali.word("details"));
            fold.setAttribute("aria-expanded", "false");
            fold.addEventListener("click", () => {
                more.hidden = !more.hidden;
                fold.setAttribute("aria-expanded", String(!more.hidden));
            });
            row.append(fold);
            box.append(row, more);
        } else if (row.firstChild) {
            box.append(row);
        }
        return box;
    };

    const end = command => {
        const {turn, failed, statistics, note} = command;
        const view = views.get(turn);
        view.end = view.end || element("div", "end");
        view.end.replaceChildren();
        if (note)
            view.end.append(labelled(element("div", "note"), note));
        if (failed) {
            view.end.append(failure(turn, command));
        } else {
            const foot = element("div", "foot");
            foot.append(labelled(element("span", "statistics"), statistics));
            if (view.text.box.hasChildNodes())
                foot.append(button(turn, "copy", "copy", "copy"));
            foot.append(button(turn, "again", "regenerate", "regenerate"));
            view.end.append(foot);
        }
        view.answer.append(view.end);
    };

    const remove = ({turn}) => {
        let found = false;
        for (const [id, view] of [...views]) {
            found = found || id === turn;
            if (found) {
                view.section.remove();
                views.delete(id);
            }
        }
    };

    const clear = () => {
        views.clear();
        list.replaceChildren();
    };

    return {commands: {question, answer, thinking, blocks, end, remove, clear}, views};
})();
