// Formulas. Each one is drawn once; equal ones are copied, and one that fails is not tried again. What
// does not fit into one update is drawn in slices, so that a page full of formulas stays usable.
"use strict";

argali.math = (() => {
    const slice = 8; // milliseconds
    const most = 400;
    const longest = 8000; // characters
    const drawn = new Map(); // formula → the element to copy, or null when KaTeX refused it
    let waiting = [];
    let started = 0;

    // KaTeX writes some styles as text, which the page's policy refuses; as properties they may be set.
    const setAttribute = Element.prototype.setAttribute;
    Element.prototype.setAttribute = function (name, value) {
        if (name === "style")
            this.style.cssText = value;
        else
            setAttribute.call(this, name, value);
    };

    const options = display => ({
        displayMode: display,
        throwOnError: true, // caught below: the source is shown, not a guess in red
        strict: "ignore",   // Chinese words in formulas are welcome
        trust: false,
        maxSize: 20,
        maxExpand: 300,
        output: "htmlAndMathml",
    });

    const render = (tex, display) => {
        if (tex.length > longest)
            return null;
        const holder = document.createElement("span");
        try {
            katex.render(tex, holder, options(display));
        } catch (error) {
            return null;
        }
        return holder.firstChild;
    };

    const draw = ({element, tex, display}) => {
        const key = (display ? "d" : "i") + tex;
        let known = drawn.get(key);
        if (known === undefined) {
            known = render(tex, display);
            if (drawn.size >= most)
                drawn.delete(drawn.keys().next().value);
            drawn.set(key, known);
        }
        if (known) {
            element.replaceChildren(known.cloneNode(true));
        } else {
            element.classList.add("source");
            element.textContent = element.dataset.source;
        }
    };

    const work = () => {
        const end = performance.now() + slice;
        let count = 0;
        while (count < waiting.length && performance.now() < end)
            draw(waiting[count++]);
        waiting = waiting.slice(count);
        if (waiting.length > 0)
            setTimeout(work, 0);
        argali.scroll.settle();
    };

    return {
        build({tex, source, display}) {
            const element = document.createElement("span");
            element.className = display ? "math display" : "math";
            element.dataset.source = source;
            const job = {element, tex, display: Boolean(display)};
            if (performance.now() - started < slice && waiting.length === 0) {
                draw(job);
            } else {
                if (waiting.length === 0)
                    setTimeout(work, 0);
                waiting.push(job);
            }
            return element;
        },
        /// A new update begins: what it draws at once counts from here.
        begin() { started = performance.now(); },
        isIdle: () => waiting.length === 0,
    };
})();
