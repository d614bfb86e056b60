// What the window calls, and how the page rings.
"use strict";

(() => {
    let words = {};
    let events = [];
    let rings = 0;

    argali.word = name => words[name] || "";

    // The title is the bell: it says only that something happened, and the window then asks what.
    argali.ring = event => {
        events.push(event);
        document.title = String(++rings);
    };
    argali.take = () => JSON.stringify(events.splice(0));

    argali.button = (className, icon, word) => {
        const node = document.createElement("button");
        node.type = "button";
        node.className = className;
        node.title = argali.word(word);
        node.setAttribute("aria-label", argali.word(word));
        node.append(argali.icon(icon));
        return node;
    };

    // Shows for a moment that a copy was made.
    argali.confirm = button => {
        const icon = button.firstChild;
        if (button.dataset.confirmed)
            return;
        button.dataset.confirmed = "1";
        const title = button.title;
        button.title = argali.word("copied");
        button.replaceChild(argali.icon("check"), icon);
        setTimeout(() => {
            delete button.dataset.confirmed;
            button.title = title;
            button.replaceChild(icon, button.firstChild);
        }, 1500);
    };

    const look = ({variables, language, words: all, abilities}) => {
        words = all;
        for (const [name, has] of Object.entries(abilities))
            document.body.classList.toggle(name, has);
        document.documentElement.lang = language;
        for (const [name, value] of Object.entries(variables))
            document.documentElement.style.setProperty(name, value);
        const toEnd = document.getElementById("to-end");
        toEnd.title = argali.word("toEnd");
        toEnd.setAttribute("aria-label", argali.word("toEnd"));
    };

    const commands = {...argali.turns.commands, look};

    argali.apply = all => {
        argali.math.begin();
        for (const command of all)
            commands[command.do](command);
        argali.scroll.settle();
        return true;
    };

    argali.text = turn => {
        if (turn === "0")
            return argali.copy.textOf(document.getElementById("turns"));
        const view = argali.turns.views.get(turn);
        return view ? argali.copy.textOf(view.text.box) : "";
    };

    // Links are reported and never followed, by whatever button or key.
    for (const kind of ["click", "auxclick"]) {
        document.addEventListener(kind, event => {
            const link = event.target.closest && event.target.closest("a");
            if (!link)
                return;
            event.preventDefault();
            if (kind === "click" || event.button === 1)
                argali.ring({what: "link", url: link.href});
        }, {capture: true});
    }
    document.addEventListener("dragstart", event => {
        if (event.target.closest && event.target.closest("a, img"))
            event.preventDefault();
    });
})();
