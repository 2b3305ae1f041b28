/* The review page: keyboard shortcuts, selecting words in the text, and pages replaced in place.

   Every key clicks an element of the page ([data-key]), and every form works without this script.
   Offsets in the text or the headline are code points: each piece has its start in [data-at]. */
"use strict";
{
    const SETTLE_MS = 300; // nobody reads the next quote faster
    const CLAIM_EVERY_MS = 60_000; // a claim lasts five minutes
    const review = () => document.getElementById("review");
    const find = (selector) => review().querySelector(selector);
    let selecting = null; // the <details> of the step whose words are being selected
    let settling = null; // the timer that runs while single keys are ignored

    // Offsets in the text

    let pageId = "text"; // where words are selected: "text" or "headline"
    const text = () => document.getElementById(pageId) || document.getElementById("text");
    const points = (string) => Array.from(string).length;

    function offset(node, at) {
        // The code points before a position of the DOM.
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

    function position(at) {
        // The position of the DOM, [node, offset], after this many code points.
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
        getSelection().setBaseAndExtent(...position(start), ...position(end));
        position(start)[0].parentElement.scrollIntoView({ block: "nearest" });
    }

    function selected() {
        // The selection in the text or the headline without white space at its ends, or null.
        const selection = getSelection();
        if (!text() || !selection.rangeCount || selection.isCollapsed) return null;
        const range = selection.getRangeAt(0);
        const page = Array.from(review().querySelectorAll("[data-snapshot]")).find(
            (each) => each.contains(range.startContainer) && each.contains(range.endContainer),
        );
        if (!page) return null;
        pageId = page.id;
        const words = range.toString();
        const start = offset(range.startContainer, range.startOffset) + points(words) - points(words.trimStart());
        const trimmed = words.trim();
        return trimmed ? { start, end: start + points(trimmed), words: trimmed, page: pageId } : null;
    }

    // Selecting words for a step: adjust, add

    const spansOf = (step) => step.querySelector("input[name$='-spans']");
    const kept = new WeakMap(); // the parts selected for a step before the current one

    function parts(step) {
        const now = selected();
        const all = [...(kept.get(step) || []), ...(now ? [now] : [])];
        return all.filter((part) => part.page === pageId).sort((a, b) => a.start - b.start);
    }

    function show() {
        const now = selected();
        const status = document.getElementById("selection");
        if (status) status.textContent = now ? `${now.start}–${now.end}: ${now.words}` : "";
        const step = selecting || openStep();
        if (!step || !now) return;
        const all = parts(step);
        spansOf(step).value = JSON.stringify(all.map((part) => [part.start, part.end]));
        step.querySelector("input[name$='-snapshot']").value = text().dataset.snapshot;
        step.querySelector("input[name$='-anchored_in']").value = pageId;
        step.querySelector(".parts").textContent = all.map((part) => part.words).join(" … ");
    }

    function openStep() {
        return Array.from(review().querySelectorAll("details[open]")).find(spansOf);
    }

    function startSelecting(step) {
        // Let the arrow keys change the selection, or else the words that the step has now.
        if (!text()) return;
        step.open = true;
        selecting = step;
        kept.delete(step);
        if (!selected()) {
            pageId = step.querySelector("input[name$='-anchored_in']").value || "text";
            const own = step.id === "add" ? [] : JSON.parse(spansOf(step).value || "[]");
            const [start, end] = own[0] || after();
            select(start, end);
        }
        text().classList.add("selecting");
        text().focus({ preventScroll: true });
        show();
    }

    // Where a new quote begins: inside the next quotation marks without one.
    const after = () => (text().dataset.next || "0 1").split(" ").map(Number);

    function stopSelecting() {
        for (const page of review().querySelectorAll(".selecting")) page.classList.remove("selecting");
        selecting = null;
    }

    function selectByKey(event) {
        const selection = getSelection();
        const unit = event.shiftKey ? "character" : "word";
        const moves = {
            ArrowRight: () => selection.modify("extend", "forward", unit),
            ArrowLeft: () => selection.modify("extend", "backward", unit),
            ArrowDown: () => moveLine("forward"),
            ArrowUp: () => moveLine("backward"),
            x: () => selection.setBaseAndExtent(
                selection.focusNode, selection.focusOffset, selection.anchorNode, selection.anchorOffset,
            ),
            "+": () => {
                const now = selected();
                if (now) kept.set(selecting, [...(kept.get(selecting) || []), now]);
                const [start, end] = after();
                if (now && start >= now.end) return select(start, end);
                selection.collapseToEnd();
                selection.modify("move", "forward", "word");
                selection.modify("extend", "forward", "word");
            },
            Enter: () => {
                const step = selecting;
                show();
                stopSelecting();
                const first = step.querySelector("textarea, input:not([type=hidden], [type=checkbox]), select");
                if (first) first.focus(); else step.querySelector("form").requestSubmit();
            },
            Escape: () => {
                const step = selecting;
                stopSelecting();
                selection.removeAllRanges();
                step.querySelector("summary").focus();
            },
        };
        if (!moves[event.key]) return;
        event.preventDefault();
        moves[event.key]();
        show();
    }

    function moveLine(direction) {
        const selection = getSelection();
        if (direction === "forward") selection.collapseToEnd(); else selection.collapseToStart();
        selection.modify("move", direction, "line");
        selection.modify("extend", "forward", "word");
    }

    // Keys

    const keysAreOn = () => localStorage.getItem("review.keys") !== "off";

    function key(event) {
        if (event.defaultPrevented || event.altKey || event.isComposing) return;
        const field = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, .select2-container");
        if (event.ctrlKey || event.metaKey) {
            if (event.key === "Enter" && field && field.form) field.form.requestSubmit();
            return;
        }
        if (find("#keys").open) return;
        if (selecting && !field) return selectByKey(event);
        if (event.key === "Escape" && event.target.closest("details.step")) {
            const step = event.target.closest("details.step");
            step.open = false;
            step.querySelector("summary").focus();
            return;
        }
        if (field || !keysAreOn()) return;
        // A held key decides one quote, and a press meant for the last quote does not decide this one.
        if (event.repeat) return;
        if (settling) return settle();
        if (event.key === "j" || event.key === "k") {
            event.preventDefault();
            return step(event.key === "j" ? 1 : -1);
        }
        const target = Array.from(review().querySelectorAll("[data-key]")).find(
            (element) => element.dataset.key === event.key && element.checkVisibility(),
        );
        if (!target) return;
        event.preventDefault();
        if (target.localName === "summary") open(target.parentElement); else target.click();
    }

    function settle() {
        // Ignore single keys until there was no press for a moment.
        clearTimeout(settling);
        review().dataset.settling = "";
        settling = setTimeout(() => {
            settling = null;
            delete review().dataset.settling;
        }, SETTLE_MS);
    }

    function open(step) {
        if (spansOf(step)) return startSelecting(step);
        step.open = true;
        const first = step.querySelector(".select2-selection, textarea, input:not([type=hidden]), select");
        if (first) first.focus();
    }

    function step(by) {
        const links = Array.from(review().querySelectorAll("#quotes li:not([hidden]) a"));
        const now = links.findIndex((link) => link.hasAttribute("aria-current"));
        const next = links[now + by];
        if (next) go(next.href);
    }

    // Pages, replaced in place

    async function go(address, form) {
        const options = form ? { method: "POST", body: new URLSearchParams(new FormData(form.element, form.button)) } : {};
        review().setAttribute("aria-busy", "true");
        let answer;
        try {
            answer = await fetch(address, { ...options, credentials: "same-origin" });
        } catch {
            return form ? form.element.submit() : location.assign(address);
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("review");
        if (!next) return location.assign(answer.url);
        const chosen = () => find(".chosen-quote")?.dataset.quote;
        const before = chosen();
        const at = text() ? text().closest("section").scrollTop : 0;
        const same = text() && next.querySelector("#text") && text().dataset.snapshot === next.querySelector("#text").dataset.snapshot;
        stopSelecting();
        pageId = "text";
        review().replaceWith(document.adoptNode(next));
        document.title = page.title;
        // A refused form was answered at its POST address, which has no page to return to.
        if (answer.redirected || !form) history.replaceState(null, "", answer.url);
        if (same) text().closest("section").scrollTop = at;
        ready(true);
        if (form && chosen() !== before) settle();
    }

    function ready(isReplaced) {
        // Django's autocomplete fields start on this event, and sources/labels.js names them.
        if (isReplaced) review().dispatchEvent(new CustomEvent("formset:added", { bubbles: true }));
        find("#keys-on").checked = keysAreOn();
        showChosen();
        const link = find("#quotes a[aria-current]");
        if (link) link.scrollIntoView({ block: "nearest" });
        const refused = find(".refused");
        if (refused) refused.scrollIntoView({ block: "nearest" });
        const heading = find("#chosen");
        if (heading?.checkVisibility({ visibilityProperty: true })) heading.focus({ preventScroll: true });
        else text()?.focus({ preventScroll: true }); // on a small screen, where its pane is hidden
        review().dataset.ready = ""; // keys work from here on
    }

    function showChosen() {
        // Bring the chosen words to the middle of the text; the first of them, if they fill it.
        const marks = review().querySelectorAll(".printed mark.chosen");
        if (!marks.length) return;
        const column = marks[0].closest(".printed");
        const top = marks[0].getBoundingClientRect().top, bottom = marks[marks.length - 1].getBoundingClientRect().bottom;
        const room = column.clientHeight - (bottom - top);
        const margin = room > 0 ? room / 2 : parseFloat(getComputedStyle(column).scrollPaddingBlockStart);
        column.scrollTop += top - column.getBoundingClientRect().top - margin;
    }

    // Events

    document.addEventListener("keydown", key);
    document.addEventListener("selectionchange", show);
    addEventListener("resize", showChosen);
    document.addEventListener("mousedown", (event) => {
        // Keep the selection in the text while its step is opened.
        if (event.target.closest("details.step > summary")) event.preventDefault();
    });
    document.addEventListener("submit", (event) => {
        const element = event.target;
        if (!review().contains(element) || element.method === "dialog") return;
        event.preventDefault();
        if (review().hasAttribute("aria-busy")) return; // a second press while the first is sent
        go(element.action, { element, button: event.submitter });
    });
    document.addEventListener("click", (event) => {
        const link = event.target.closest("#quotes a, #review a[data-key]");
        const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (link && plain) {
            event.preventDefault();
            return go(link.href);
        }
        const mark = event.target.closest(".printed mark");
        if (mark && getSelection().isCollapsed && !selecting) {
            const quotes = mark.dataset.quotes.split(" ");
            const now = quotes.indexOf(find(".chosen-quote").dataset.quote);
            const next = quotes[(now + 1) % quotes.length];
            if (now < 0 || quotes.length > 1) return go(find(`#quotes a[data-quote="${next}"]`).href);
        }
        if (event.target.closest("#show-keys")) find("#keys").showModal();
        const summary = event.target.closest("details.step > summary");
        if (summary && !summary.parentElement.open && spansOf(summary.parentElement)) {
            event.preventDefault();
            startSelecting(summary.parentElement);
        }
    });
    document.addEventListener("change", (event) => {
        if (event.target.id === "keys-on") localStorage.setItem("review.keys", event.target.checked ? "on" : "off");
    });

    // Renew the claim on the article

    const renewal = setInterval(() => {
        if (document.hidden) return;
        const body = new URLSearchParams({ csrfmiddlewaretoken: find("input[name=csrfmiddlewaretoken]").value });
        fetch(review().dataset.claim, { method: "POST", body, credentials: "same-origin" }).catch(() => clearInterval(renewal));
    }, CLAIM_EVERY_MS);

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => ready(false));
    else ready(false);
}
