/* The review desk: keys, choosing words in the text, and the next page without a blank between.

   Every key presses something that is on the page ([data-key]); every form works without this. What
   is chosen in the text is told in code points: each piece of the text says where it begins. */
"use strict";
{
    const desk = () => document.getElementById("desk");
    const find = (selector) => desk().querySelector(selector);
    let choosing = null; // the step whose words are being chosen, by its element
    let beat = null;
    const MOMENT = 300; // ms after a decision in which nobody can have read the next quote
    let settling = null;

    // Places in the text

    const text = () => document.getElementById("text");
    const points = (string) => Array.from(string).length;

    function offset(node, at) {
        // A place of the DOM in the text as code points from its beginning.
        if (node === text()) {
            const piece = node.childNodes[at];
            return piece ? Number(piece.dataset.at) : Number(node.dataset.length);
        }
        const piece = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-at]");
        const before = document.createRange();
        before.setStart(piece, 0);
        before.setEnd(node, at);
        return Number(piece.dataset.at) + points(before.toString());
    }

    function place(at) {
        // The place of the DOM that has this many code points of the text before it.
        const pieces = text().querySelectorAll("[data-at]");
        let low = 0, high = pieces.length - 1;
        while (low < high) {
            const middle = Math.ceil((low + high) / 2);
            if (Number(pieces[middle].dataset.at) <= at) low = middle; else high = middle - 1;
        }
        const walker = document.createTreeWalker(pieces[low], NodeFilter.SHOW_TEXT);
        let left = at - Number(pieces[low].dataset.at), node = walker.nextNode();
        while (points(node.data) < left) {
            left -= points(node.data);
            node = walker.nextNode();
        }
        return [node, Array.from(node.data).slice(0, left).join("").length];
    }

    function select(start, end) {
        getSelection().setBaseAndExtent(...place(start), ...place(end));
        const into = place(start)[0].parentElement;
        into.scrollIntoView({ block: "nearest" });
    }

    function selected() {
        // What is selected in the text, without white space at its ends; or nothing.
        const selection = getSelection();
        if (!text() || !selection.rangeCount || selection.isCollapsed) return null;
        const range = selection.getRangeAt(0);
        if (!text().contains(range.startContainer) || !text().contains(range.endContainer)) return null;
        const words = range.toString();
        const start = offset(range.startContainer, range.startOffset) + points(words) - points(words.trimStart());
        const trimmed = words.trim();
        return trimmed ? { start, end: start + points(trimmed), words: trimmed } : null;
    }

    // Choosing words for a step: adjust, add

    const spansOf = (step) => step.querySelector("input[name$='-spans']");
    const kept = new WeakMap(); // the pieces that were kept of a step before the present one

    function pieces(step) {
        const now = selected();
        return [...(kept.get(step) || []), ...(now ? [now] : [])].sort((a, b) => a.start - b.start);
    }

    function show() {
        const now = selected();
        const said = document.getElementById("selection");
        if (said) said.textContent = now ? `${now.start}–${now.end}: ${now.words}` : "";
        const step = choosing || openStep();
        if (!step || !now) return;
        const all = pieces(step);
        spansOf(step).value = JSON.stringify(all.map((piece) => [piece.start, piece.end]));
        const snapshot = step.querySelector("input[name$='-snapshot']");
        snapshot.value = text().dataset.snapshot;
        step.querySelector(".pieces").textContent = all.map((piece) => piece.words).join(" … ");
    }

    function openStep() {
        return Array.from(desk().querySelectorAll("details[open]")).find(spansOf);
    }

    function choose(step) {
        // Begin to choose words with the arrow keys, from what is selected or from the step's own.
        if (!text()) return;
        step.open = true;
        choosing = step;
        kept.delete(step);
        if (!selected()) {
            const own = step.id === "add" ? [] : JSON.parse(spansOf(step).value || "[]");
            const [start, end] = own[0] || after();
            select(start, end);
        }
        text().classList.add("choosing");
        text().focus({ preventScroll: true });
        show();
    }

    function after() {
        // The word behind the quote that is looked at, to begin with.
        const marks = desk().querySelectorAll("#text mark.chosen");
        const last = marks[marks.length - 1];
        const start = last ? Number(last.dataset.at) + points(last.textContent) : 0;
        const rest = text().textContent;
        const word = /\S+/u.exec(Array.from(rest).slice(start, start + 200).join(""));
        const from = word ? start + points(word.input.slice(0, word.index)) : 0;
        return [from, from + (word ? points(word[0]) : 1)];
    }

    function leave() {
        if (text()) text().classList.remove("choosing");
        choosing = null;
    }

    function chooseBy(event) {
        const selection = getSelection();
        const unit = event.shiftKey ? "character" : "word";
        const moves = {
            ArrowRight: () => selection.modify("extend", "forward", unit),
            ArrowLeft: () => selection.modify("extend", "backward", unit),
            ArrowDown: () => another("forward"),
            ArrowUp: () => another("backward"),
            x: () => selection.setBaseAndExtent(
                selection.focusNode, selection.focusOffset, selection.anchorNode, selection.anchorOffset,
            ),
            "+": () => {
                const now = selected();
                if (now) kept.set(choosing, [...(kept.get(choosing) || []), now]);
                selection.collapseToEnd();
                selection.modify("move", "forward", "word");
                selection.modify("extend", "forward", "word");
            },
            Enter: () => {
                const step = choosing;
                show();
                leave();
                const first = step.querySelector("textarea, input:not([type=hidden]), select");
                if (first) first.focus(); else step.querySelector("form").requestSubmit();
            },
            Escape: () => {
                const step = choosing;
                leave();
                selection.removeAllRanges();
                step.querySelector("summary").focus();
            },
        };
        if (!moves[event.key]) return;
        event.preventDefault();
        moves[event.key]();
        show();
    }

    function another(direction) {
        const selection = getSelection();
        if (direction === "forward") selection.collapseToEnd(); else selection.collapseToStart();
        selection.modify("move", direction, "line");
        selection.modify("extend", "forward", "word");
    }

    // Keys

    const areOn = () => localStorage.getItem("review.keys") !== "off";

    function key(event) {
        if (event.defaultPrevented || event.altKey || event.isComposing) return;
        const field = event.target.closest("input:not([type=checkbox]), textarea, select, .select2-container");
        if (event.ctrlKey || event.metaKey) {
            if (event.key === "Enter" && field && field.form) field.form.requestSubmit();
            return;
        }
        if (find("#keys").open) return;
        if (choosing && !field) return chooseBy(event);
        if (event.key === "Escape" && event.target.closest("details.step")) {
            const step = event.target.closest("details.step");
            step.open = false;
            step.querySelector("summary").focus();
            return;
        }
        if (field || !areOn()) return;
        // A held key decides one quote, and a press meant for the last quote does not decide this one.
        if (event.repeat) return;
        if (settling) return settle();
        if (event.key === "j" || event.key === "k") {
            event.preventDefault();
            return step(event.key === "j" ? 1 : -1);
        }
        const pressed = Array.from(desk().querySelectorAll("[data-key]")).find(
            (one) => one.dataset.key === event.key && one.checkVisibility(),
        );
        if (!pressed) return;
        event.preventDefault();
        if (pressed.localName === "summary") open(pressed.parentElement); else pressed.click();
    }

    function settle() {
        // Ignore single keys until there was no press for a moment.
        clearTimeout(settling);
        desk().dataset.settling = "";
        settling = setTimeout(() => {
            settling = null;
            delete desk().dataset.settling;
        }, MOMENT);
    }

    function open(step) {
        if (spansOf(step)) return choose(step);
        step.open = true;
        const first = step.querySelector(".select2-selection, textarea, input:not([type=hidden]), select");
        if (first) first.focus();
    }

    function step(by) {
        const links = Array.from(desk().querySelectorAll("#quotes a"));
        const now = links.findIndex((link) => link.hasAttribute("aria-current"));
        const next = links[now + by];
        if (next) go(next.href);
    }

    // Pages, put in the place of the one before

    async function go(address, form) {
        const options = form ? { method: "POST", body: new URLSearchParams(new FormData(form.element, form.button)) } : {};
        desk().setAttribute("aria-busy", "true");
        let answer;
        try {
            answer = await fetch(address, { ...options, credentials: "same-origin" });
        } catch {
            return form ? form.element.submit() : location.assign(address);
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("desk");
        if (!next) return location.assign(answer.url);
        const chosen = () => find(".looked-at")?.dataset.quote;
        const before = chosen();
        const at = text() ? text().closest("section").scrollTop : 0;
        const same = text() && next.querySelector("#text") && text().dataset.snapshot === next.querySelector("#text").dataset.snapshot;
        leave();
        desk().replaceWith(document.adoptNode(next));
        document.title = page.title;
        // A form that was refused has no address of its own to come back to.
        if (answer.redirected || !form) history.replaceState(null, "", answer.url);
        if (same) text().closest("section").scrollTop = at;
        ready(true);
        if (form && chosen() !== before) settle();
    }

    function ready(anew) {
        // As for rows that are added to a form: what completes is drawn, and named.
        if (anew) desk().dispatchEvent(new CustomEvent("formset:added", { bubbles: true }));
        find("#keys-on").checked = areOn();
        const mark = find("#text mark.chosen");
        if (mark) mark.scrollIntoView({ block: "nearest" });
        const link = find("#quotes a[aria-current]");
        if (link) link.scrollIntoView({ block: "nearest" });
        const refused = find(".refused");
        if (refused) refused.scrollIntoView({ block: "nearest" });
        const heading = find("#chosen");
        if (heading) heading.focus({ preventScroll: true });
    }

    // What happens

    document.addEventListener("keydown", key);
    document.addEventListener("selectionchange", show);
    document.addEventListener("mousedown", (event) => {
        // What is selected in the text stays so while a step is opened for it.
        if (event.target.closest("details.step > summary")) event.preventDefault();
    });
    document.addEventListener("submit", (event) => {
        const element = event.target;
        if (!desk().contains(element) || element.method === "dialog") return;
        event.preventDefault();
        if (desk().hasAttribute("aria-busy")) return; // a key that was pressed twice is one step
        go(element.action, { element, button: event.submitter });
    });
    document.addEventListener("click", (event) => {
        const link = event.target.closest("#quotes a, #desk a[data-key]");
        const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (link && plain) {
            event.preventDefault();
            return go(link.href);
        }
        const mark = event.target.closest("#text mark");
        if (mark && getSelection().isCollapsed && !choosing) {
            const known = mark.dataset.quotes.split(" ");
            const now = known.indexOf(find(".looked-at").dataset.quote);
            const next = known[(now + 1) % known.length];
            if (now < 0 || known.length > 1) return go(find(`#quotes a[data-quote="${next}"]`).href);
        }
        if (event.target.closest("#show-keys")) find("#keys").showModal();
        const summary = event.target.closest("details.step > summary");
        if (summary && !summary.parentElement.open && spansOf(summary.parentElement)) {
            event.preventDefault();
            choose(summary.parentElement);
        }
    });
    document.addEventListener("change", (event) => {
        if (event.target.id === "keys-on") localStorage.setItem("review.keys", event.target.checked ? "on" : "off");
    });

    // A sign now and then that somebody is still at the article

    beat = setInterval(() => {
        if (document.hidden) return;
        const body = new URLSearchParams({ csrfmiddlewaretoken: find("input[name=csrfmiddlewaretoken]").value });
        fetch(desk().dataset.claim, { method: "POST", body, credentials: "same-origin" }).catch(() => clearInterval(beat));
    }, 60000);

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => ready(false));
    else ready(false);
}
