/* Selecting words in the text or the headline, for a step whose form has spans: adjust, add.

   The mouse selects, or the arrow keys while `Selecting.step` is set. What is selected is written
   into the hidden fields of the open form. Offsets are code points: each piece of the text has its
   start in [data-at]. */
"use strict";
const Selecting = (() => {
    let selecting = null; // the <details> of the step whose words are being selected

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
        const page = Array.from(Page.review().querySelectorAll("[data-snapshot]")).find(
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
        return Array.from(Page.review().querySelectorAll("details[open]")).find(spansOf);
    }

    function startSelecting(step) {
        // Let the arrow keys change the selection, or else the words that the step has now.
        if (!text()) return;
        step.open = true;
        selecting = step;
        kept.delete(step);
        const now = selected();
        if (!now) pageId = step.querySelector("input[name$='-anchored_in']").value || "text";
        const own = step.id === "add" ? [] : JSON.parse(spansOf(step).value || "[]");
        text().classList.add("selecting");
        text().focus({ preventScroll: true }); // Firefox gives up the selection with it
        select(...(now ? [now.start, now.end] : own[0] || after()));
        show();
    }

    // Where a new quote begins: inside the next quotation marks without one.
    const after = () => (document.getElementById("add")?.dataset.next || "0 1").split(" ").map(Number);

    function stopSelecting() {
        for (const page of Page.review().querySelectorAll(".selecting")) page.classList.remove("selecting");
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

    function reset() {
        // Another page is shown.
        stopSelecting();
        pageId = "text";
    }

    return {
        get step() { return selecting; },
        start: startSelecting,
        byKey: selectByKey,
        isFor: (step) => Boolean(spansOf(step)),
        show,
        reset,
        text,
    };
})();
