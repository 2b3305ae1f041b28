/* Toasts: answers to what was done, over the page at the bottom right. They shift nothing.

   The server's messages are lifted into the live region #toasts, which no page replaces. New ones take
   the place of the last, above warnings, which stay until closed. One that can be undone has the
   button for it. Toasts are kept in the tab when it leaves for another page of ours, so the answer to
   the last quote outlives it. */
"use strict";
const Toasts = (() => {
    const SHOWN_MS = 10_000; // time to read two lines and press u; warnings stay until closed
    const KEPT_MS = 300_000; // a login may come between
    const MAX_SHOWN = 4; // they cover the page
    const STAYS = ".warning, .error";
    const KEPT = "review.toasts";
    const region = () => document.getElementById("toasts");

    function show(message, kind = "info", name = "") {
        if (!/warning|error/.test(kind)) clear();
        add(message, kind, name);
    }

    function clear() {
        for (const toast of region().querySelectorAll(`.toast:not(${STAYS})`)) toast.remove();
    }

    function add(message, kind, name = "") {
        // Show words, or a message of the server; one of the same name is replaced.
        const toast = document.createElement("div");
        toast.className = `toast ${kind}`;
        toast.dataset.name = name;
        const words = document.createElement("p");
        words.append(...(typeof message === "string" ? [message] : message.childNodes));
        toast.append(words);
        if (toast.classList.contains("undoable")) offerUndo(toast);
        toast.append(button("×", "close", "Close this message"));
        if (name) close(name);
        region().prepend(toast); // what is shown below it does not move
        while (region().children.length > MAX_SHOWN) region().lastElementChild.remove();
        if (!toast.matches(STAYS)) setTimeout(() => leave(toast), SHOWN_MS);
    }

    function leave(toast) {
        // Not while it is pointed at, or has the focus.
        if (toast.matches(":hover, :focus-within")) setTimeout(() => leave(toast), SHOWN_MS);
        else toast.remove();
    }

    function button(text, name, label) {
        const made = document.createElement("button");
        made.type = "button";
        made.className = name;
        made.textContent = text;
        if (label) made.setAttribute("aria-label", label);
        return made;
    }

    function offerUndo(toast) {
        endUndo();
        const undo = button("Undo ", "undo");
        const key = document.createElement("kbd");
        key.textContent = "u";
        undo.append(key);
        undo.type = "submit";
        undo.setAttribute("form", "undo");
        toast.append(undo);
    }

    function endUndo() {
        // What the buttons would undo is no longer the last step.
        for (const undo of region().querySelectorAll(".undo")) undo.classList.add("over");
    }

    function lift(place) {
        // Show the messages of a page, and take them out of it.
        const messages = place.querySelectorAll(".messages > p");
        if (messages.length) clear();
        for (const message of messages) {
            add(message, message.className || "info");
            message.remove();
        }
    }

    function close(name) {
        region().querySelector(`[data-name="${name}"]`)?.remove();
    }

    function keep() {
        sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), html: region().innerHTML }));
    }

    function restore() {
        const { at, html } = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
        sessionStorage.removeItem(KEPT);
        if (!html || Date.now() - at > KEPT_MS) return;
        const kept = new DOMParser().parseFromString(html, "text/html");
        for (const toast of Array.from(kept.querySelectorAll(".toast")).reverse()) {
            add(toast.querySelector("p"), toast.className.replace("toast ", ""), toast.dataset.name);
        }
    }

    document.addEventListener("click", (event) => event.target.closest("#toasts .close")?.parentElement.remove());
    document.addEventListener("keydown", (event) => {
        // Where there is no quote, as in the queue; on the review page review.js does this.
        const isTyping = event.target.closest("input, textarea, select, .select2-container, dialog");
        const undo = document.querySelector("#undo:not([hidden]) button");
        if (event.key !== "u" || event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
        if (!document.getElementById("review") && undo && localStorage.getItem("review.keys") !== "off") undo.click();
    });
    restore();

    return { show, clear, lift, close, keep, endUndo };
})();
