// The text of what is on the page, as it is copied: lines and tables as they look, formulas as their
// LaTeX source.
"use strict";

argali.copy = (() => {
    const lines = new Set(["P", "DIV", "H1", "H2", "H3", "H4", "H5", "H6", "LI", "UL", "OL", "PRE", "TABLE", "TR",
                           "BLOCKQUOTE", "SECTION", "ARTICLE", "HR"]);
    const apart = new Set(["P", "H1", "H2", "H3", "H4", "H5", "H6", "PRE", "TABLE", "BLOCKQUOTE"]);
    const skipped = ".who, .foot, .tools, .arrows, .bar, .badge, .mark, .note, button, svg";

    const write = (node, out) => {
        if (node.nodeType === Node.TEXT_NODE) {
            out.text += node.data;
            return;
        }
        if (node.nodeType === Node.ELEMENT_NODE) {
            if (node.matches(skipped))
                return;
            if (node.matches(".math")) {
                out.text += node.matches(".display") ? "\n" + node.dataset.source + "\n" : node.dataset.source;
                return;
            }
            if (node.tagName === "BR")
                out.text += "\n";
            if (lines.has(node.tagName) && out.text && !out.text.endsWith("\n"))
                out.text += "\n";
            if (node.matches(".box"))
                out.text += node.firstChild ? "[x] " : "[ ] ";
            if ((node.tagName === "TD" || node.tagName === "TH") && node.previousSibling)
                out.text += "\t";
        }
        node.childNodes.forEach(child => write(child, out));
        if (lines.has(node.tagName) && out.text && !out.text.endsWith("\n"))
            out.text += "\n";
        if (apart.has(node.tagName) && !out.text.endsWith("\n\n"))
            out.text += "\n";
    };

    const textOf = node => {
        const out = {text: ""};
        write(node, out);
        return out.text.replace(/\n{3,}/g, "\n\n").trim();
    };

    // A formula is copied whole or not at all.
    const wholeFormulas = range => {
        const formula = node => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest(".math");
        const whole = range.cloneRange();
        const first = formula(range.startContainer);
        const last = formula(range.endContainer);
        if (first)
            whole.setStartBefore(first);
        if (last)
            whole.setEndAfter(last);
        return whole;
    };

    document.addEventListener("copy", event => {
        const selection = window.getSelection();
        if (selection.rangeCount === 0 || selection.isCollapsed)
            return;
        const range = wholeFormulas(selection.getRangeAt(0));
        // What was cut out of a row or a formatted run keeps its meaning without its parents.
        event.clipboardData.setData("text/plain", textOf(range.cloneContents()));
        event.preventDefault();
    });

    return {textOf};
})();
