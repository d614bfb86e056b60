// What can be done with a message: buttons that show when it is pointed at or holds the focus. Which of
// them there are is the window's to say, by classes of the body.
"use strict";

argali.tools = (() => {
    const button = (turn, icon, word, what, name = "") => {
        const node = argali.button("icon " + name, icon, word);
        node.addEventListener("click", () => {
            argali.ring({what, turn});
            if (icon === "copy")
                argali.confirm(node);
        });
        return node;
    };

    const row = nodes => {
        const node = document.createElement("div");
        node.className = "tools";
        node.setAttribute("role", "toolbar");
        node.setAttribute("aria-label", argali.word("tools"));
        node.append(...nodes);
        return node;
    };

    return {
        ofQuestion: (turn, hasText) => row([
            ...(hasText ? [button(turn, "copy", "copyQuestion", "copyQuestion")] : []),
            button(turn, "edit", "edit", "edit", "edit"),
        ]),
        ofAnswer: (turn, hasText) => row([
            ...(hasText ? [button(turn, "copy", "copy", "copy")] : []),
            button(turn, "again", "regenerate", "regenerate", "again"),
            button(turn, "trash", "delete", "delete", "delete"),
        ]),
        // "2 / 3" between two arrows.
        arrows(turn, {position, count, text}) {
            const node = document.createElement("div");
            node.className = "arrows";
            const step = (icon, word, by, enabled) => {
                const arrow = argali.button("icon", icon, word);
                arrow.disabled = !enabled;
                arrow.addEventListener("click", () => argali.ring({what: "branch", turn, step: by}));
                return arrow;
            };
            const place = document.createElement("span");
            place.textContent = text;
            node.append(step("back", "branchBack", -1, position > 1), place,
                        step("fold", "branchNext", 1, position < count));
            return node;
        },
    };
})();
