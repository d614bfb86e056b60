// Icons, drawn in the colour of the text around them.
"use strict";
var argali = {};

argali.icon = (() => {
    const paths = {
        again: "M12.800 8a4.800 4.800 0 1 1-1.500-3.500L12.800 6M12.800 2.800V6H9.600",
        back: "M9.700 4.500L6.200 8l3.500 3.500",
        check: "M3.500 8.500l3 3 6-7",
        copy: "M5 6.500A1.500 1.500 0 0 1 6.500 5h5A1.500 1.500 0 0 1 13 6.500v6a1.500 1.500 0 0 1-1.500 1.500h-5A1.500 1.500 0 0 1 5 12.500zM11 5V3.500A1.500 1.500 0 0 0 9.500 2h-5A1.500 1.500 0 0 0 3 3.500v6A1.500 1.500 0 0 0 4.500 11H5",
        down: "M8 3v10M4 9l4 4 4-4",
        edit: "M10.800 3.200l2 2L6 12l-2.600.600L4 10zM9.300 4.700l2 2",
        film: "M4 3h8a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM5 3v10M11 3v10M2 6h3M2 10h3M11 6h3M11 10h3",
        fold: "M6.300 4.500l3.500 3.500-3.500 3.500",
        picture: "M4 3h8a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM5 6.500a1 1 0 1 0 2 0a1 1 0 1 0-2 0M3 12l4-3 2.500 2L12 9l2 2",
        trash: "M3 4.500h10M6.200 4.500V3h3.600v1.500M4.300 4.500l.600 8.500h6.200l.600-8.500M6.800 7v3.500M9.200 7v3.500",
        warning: "M8 2.500l6 10.500H2zM8 6.500v3M8 11.300v.1",
    };
    const space = "http://www.w3.org/2000/svg";

    return name => {
        const svg = document.createElementNS(space, "svg");
        svg.setAttribute("viewBox", "0 0 16 16");
        svg.setAttribute("aria-hidden", "true");
        const path = document.createElementNS(space, "path");
        path.setAttribute("d", paths[name]);
        svg.append(path);
        return svg;
    };
})();
