// Times of a film and places of a picture in an answer. A time is told to the window when it is chosen; a
// place is drawn on the turn's picture while it is pointed at, and told too.
"use strict";

argali.live = (() => {
    let shown = null; // the element whose place is drawn

    const liveOf = event => event.target.closest && event.target.closest(".live");
    const turnOf = node => node.closest(".turn").dataset.turn;

    const place = node => {
        const numbers = node.dataset.place.split(",").map(Number);
        return {what: "region", turn: turnOf(node), name: node.textContent, x: numbers[0], y: numbers[1],
                right: numbers[2] ?? numbers[0], bottom: numbers[3] ?? numbers[1], point: numbers.length === 2};
    };

    // The first picture of this turn, or of the last one before it that has one.
    const pictureFor = node => {
        for (let turn = node.closest(".turn"); turn; turn = turn.previousElementSibling) {
            const image = turn.querySelector(".picture img");
            if (image)
                return image;
        }
        return null;
    };

    const leave = () => {
        if (!shown)
            return;
        document.querySelectorAll(".mark").forEach(mark => mark.remove());
        const turn = shown.isConnected ? turnOf(shown) : "";
        shown = null;
        argali.ring({what: "regionLeft", turn});
    };

    const enter = node => {
        if (shown === node)
            return;
        leave();
        shown = node;
        const region = place(node);
        const image = pictureFor(node);
        if (image) {
            const mark = argali.build.element("span", region.point ? "mark point" : "mark");
            const at = (part, begin, size) => begin + part * size + "px";
            mark.style.left = at(region.x, image.offsetLeft, image.offsetWidth);
            mark.style.top = at(region.y, image.offsetTop, image.offsetHeight);
            if (!region.point) {
                mark.style.width = at(region.right - region.x, 0, image.offsetWidth);
                mark.style.height = at(region.bottom - region.y, 0, image.offsetHeight);
            }
            image.parentNode.append(mark);
        }
        argali.ring(region);
    };

    const choose = node => {
        if (node.dataset.seconds)
            argali.ring({what: "time", turn: turnOf(node), seconds: Number(node.dataset.seconds)});
        else
            argali.ring({...place(node), what: "regionChosen"});
    };

    document.addEventListener("click", event => {
        const node = liveOf(event);
        if (node && (window.getSelection().isCollapsed || event.detail === 0))
            choose(node);
    });
    document.addEventListener("keydown", event => {
        const node = liveOf(event);
        if (node && (event.key === "Enter" || event.key === " ")) {
            event.preventDefault();
            choose(node);
        }
    });
    for (const [over, out] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
        document.addEventListener(over, event => {
            const node = liveOf(event);
            if (node && node.dataset.place)
                enter(node);
        });
        document.addEventListener(out, event => {
            if (liveOf(event) === shown)
                leave();
        });
    }

    return {
        build({seconds, place: numbers}) {
            const node = document.createElement("span");
            node.className = "live";
            node.tabIndex = 0;
            node.setAttribute("role", "button");
            if (seconds !== undefined) {
                node.dataset.seconds = seconds;
                node.title = argali.word("toTime");
            } else {
                node.dataset.place = numbers;
                node.title = argali.word("showPlace");
            }
            return node;
        },
    };
})();
