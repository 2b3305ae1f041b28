"use strict";

// A box that ticks all boxes of a name in its form; without script it stays hidden.
for (const all of document.querySelectorAll("input[data-ticks]")) {
    const boxes = () => all.form.querySelectorAll(`input[name="${all.dataset.ticks}"]`);
    const agree = () => {
        const ticked = Array.from(boxes()).filter((box) => box.checked).length;
        all.checked = ticked === boxes().length;
        all.indeterminate = ticked > 0 && !all.checked;
    };
    all.hidden = false;
    all.addEventListener("change", () => boxes().forEach((box) => { box.checked = all.checked; }));
    all.form.addEventListener("change", (event) => event.target === all || agree());
    agree();
}
