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

    const picture = ({source, badge, name, film, width, height}, turn, index) => {
        const opens = film || source.startsWith("data:image/");
        const word = film ? "openFilm" : "openPicture";
        const box = element(opens ? "button" : "div", "picture");
        if (source.startsWith("data:image/")) {
            const image = element("img");
            image.width = width;
            image.height = height;
            image.alt = opens ? "" : badge;
            image.src = source;
            box.append(image);
        }
        if (opens) {
            box.type = "button";
            box.title = argali.word(word);
            box.setAttribute("aria-label", argali.word(word) + ": " + (name || badge));
            box.addEventListener("click", () => argali.ring({what: "picture", turn, index}));
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

    // What stands on a picture or film from now on.
    const badge = ({turn, index, text}) => {
        const box = views.get(turn).section.querySelectorAll(".picture")[index];
        let tag = box.querySelector(".badge");
        if (!tag) {
            tag = element("span");
            box.append(tag);
        }
        tag.className = "badge gone";
        tag.setAttribute("role", "status");
        tag.replaceChildren(argali.icon("warning"), text);
    };

    const stream = () => ({box: element("div", "markdown"), open: null});

    // next: the turn before which it stands; none when it is the last one.
    const question = ({turn, text, pictures, next}) => {
        const section = element("section", "turn running");
        section.dataset.turn = turn;
        const box = element("div", "question");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", argali.word("question"));
        if (pictures.length > 0) {
            const row = element("div", "pictures");
            row.append(...pictures.map((one, index) => picture(one, turn, index)));
            box.append(row);
        }
        if (text)
            box.append(labelled(element("div", "bubble"), text));
        box.append(argali.tools.ofQuestion(turn, Boolean(text)));
        section.append(box);
        list.insertBefore(section, next ? views.get(next).section : null);
        views.set(turn, {section, text: stream(), thought: stream()});
        if (!next)
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
        now.addEventListener("click", () => {
            now.disabled = true; // it ends with the thinking, in a moment
            argali.ring({what: "answerNow", turn});
        });
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
            foot.append(argali.tools.ofAnswer(turn, view.text.box.hasChildNodes()));
            view.end.append(foot);
        }
        view.section.classList.remove("running");
        view.answer.append(view.end);
        showBranch(turn, view);
    };

    const showBranch = (turn, view) => {
        if (view.arrows)
            view.arrows.remove();
        view.arrows = null;
        if (!view.branch || !view.end)
            return;
        view.arrows = argali.tools.arrows(turn, view.branch);
        const foot = view.end.querySelector(".foot .tools");
        if (foot)
            foot.before(view.arrows);
        else
            view.end.append(view.arrows);
    };

    // The place of a turn among those that were asked instead of one another, in words.
    const branch = ({turn, ...place}) => {
        const view = views.get(turn);
        view.branch = place.count > 1 ? place : null;
        showBranch(turn, view);
    };

    // This one and all after it on the page.
    const remove = ({turn}) => {
        const first = views.get(turn);
        while (first && first.section.isConnected) {
            const last = list.lastChild;
            views.delete(last.dataset.turn);
            last.remove();
        }
    };

    const clear = () => {
        views.clear();
        list.replaceChildren();
    };

    return {commands: {question, badge, answer, thinking, blocks, end, branch, remove, clear}, views};
})();
