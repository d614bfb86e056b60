// The view stays at the end while it is there. Any move up by the user ends that at once; a move down
// to the end, or the button, begins it again.
"use strict";

argali.scroll = (() => {
    const scroller = document.scrollingElement;
    const button = document.getElementById("to-end");
    let following = true;
    let pressed = false; // a selection is being made: nothing may move under it
    let last = 0;

    const distance = () => scroller.scrollHeight - window.innerHeight - scroller.scrollTop;

    const show = () => { button.hidden = following || distance() <= 1; };

    const leave = () => {
        if (scroller.scrollHeight > window.innerHeight)
            following = false;
        show();
    };

    const keep = () => {
        if (following && !pressed && distance() > 0) {
            scroller.scrollTop = scroller.scrollHeight;
            last = scroller.scrollTop;
        }
        show();
    };

    // What comes into sight by a move is laid out only then, and may be higher than it was guessed.
    let frames = 0;
    const settle = () => {
        keep();
        const next = () => {
            keep();
            if (--frames > 0)
                requestAnimationFrame(next);
        };
        if (frames === 0)
            requestAnimationFrame(next);
        frames = 4;
    };

    const toEnd = () => {
        following = true;
        settle();
    };

    // To the beginning of an element, and there until what is above it is laid out.
    const toElement = element => {
        following = false;
        let left = 8;
        const next = () => {
            element.scrollIntoView({block: "start", behavior: "instant"});
            last = scroller.scrollTop;
            show();
            if (--left > 0)
                requestAnimationFrame(next);
        };
        next();
    };

    const upKeys = new Set(["PageUp", "ArrowUp", "Home"]);

    window.addEventListener("wheel", event => {
        if (event.deltaY < 0 && !event.ctrlKey)
            leave();
    }, {passive: true, capture: true});
    window.addEventListener("keydown", event => {
        if (upKeys.has(event.key) || (event.key === " " && event.shiftKey))
            leave();
    }, {capture: true});
    window.addEventListener("pointerdown", event => { pressed = event.button === 0; }, {capture: true});
    for (const end of ["pointerup", "pointercancel", "blur"])
        window.addEventListener(end, () => {
            pressed = false;
            keep();
        }, {capture: true});
    window.addEventListener("scroll", () => {
        const top = scroller.scrollTop;
        if (top < last - 1 && distance() > 1)
            leave();
        else if (top > last && distance() <= 1)
            following = true;
        last = top;
        show();
    }, {passive: true});
    window.addEventListener("resize", settle);
    window.addEventListener("click", () => settle());
    button.addEventListener("click", toEnd);
    button.append(argali.icon("down"));

    return {settle, toEnd, toElement, isFollowing: () => following};
})();
