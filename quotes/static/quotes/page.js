/* The page of an article, #review, replaced in place by another that was read in the background.

   A page is { element, title, url }. One that is shown again is as it was left. Parts marked with
   [data-later] are empty at first, so that the page is here sooner, and are read afterwards. Parts
   with [data-live] are brought up to date from a page that was read later. What was typed and not sent
   is kept in this tab by quote, through a reload or a login, and put back. */
"use strict";
const Page = (() => {
    const SETTLE_MS = 400; // nobody reads the first quote of another article faster
    const TYPED = "review.typed";
    const WHOLE = { headers: { Prefer: "return=representation" } };
    let settling = null; // the timer that runs while single keys are ignored
    const completing = new WeakMap(); // element to the promise of its later parts
    let undo = null; // the form of the last answer: a page that was read before has an older one

    const review = () => document.getElementById("review");
    const find = (selector) => review().querySelector(selector);
    const quote = () => find(".chosen-quote")?.dataset.quote;
    const now = () => ({ element: review(), title: document.title, url: location.href });

    // Reading

    async function read(address, options = {}) {
        // A page of ours by its address. Throws if the server cannot be reached or fails for now.
        const headers = { Prefer: "return=minimal", ...options.headers };
        const answer = await fetch(address, { ...options, headers, credentials: "same-origin" });
        if ([502, 503, 504].includes(answer.status)) throw new Error(answer.statusText);
        const document = new DOMParser().parseFromString(await answer.text(), "text/html");
        return {
            element: document.getElementById("review"),
            answer: document.getElementById("answer"), // where a step leads, and what is said there
            title: document.title,
            url: answer.url,
            isOk: answer.ok,
            isLogin: answer.redirected && new URL(answer.url).searchParams.has("next"),
        };
    }

    function complete(page) {
        // Read the later parts of a page, if it has any; throws if they cannot be had.
        const key = page.element;
        if (!key.querySelector("[data-later]")) return Promise.resolve();
        if (!completing.has(key)) completing.set(key, fill(page).finally(() => completing.delete(key)));
        return completing.get(key);
    }

    async function fill({ element, url }) {
        // A page that was replaced meanwhile is filled when it is shown again.
        const whole = await read(url, WHOLE);
        const wasShown = element.dataset.ready !== undefined;
        if (!whole.element) throw new Error(whole.title); // such as the page to log in
        if (wasShown && element !== review()) return;
        if (whole.element.dataset.version !== element.dataset.version) {
            if (wasShown) show(whole); // somebody made changes; a page to come is filled when it is shown
            return;
        }
        for (const place of element.querySelectorAll("[data-later]")) {
            const part = whole.element.querySelector(`#${place.id}`);
            place.replaceWith(...(part ? [document.adoptNode(part)] : []));
            if (part && place.open) part.open = true;
            if (part && wasShown) started(part);
        }
        if (wasShown) putBackTyped();
    }

    // Showing

    function show(page) {
        keepTyped();
        const column = () => find(".printed");
        const before = find("#text"), at = column()?.scrollTop;
        const article = review().dataset.claim;
        const isNew = page.element.dataset.ready === undefined;
        Selecting.reset();
        busy(false);
        endSettling();
        if (page.element !== review()) review().replaceWith(document.adoptNode(page.element));
        document.title = page.title;
        history.replaceState(null, "", page.url);
        if (before && before.dataset.snapshot === find("#text")?.dataset.snapshot) column().scrollTop = at;
        if (page.isOlder && undo) find("#undo").replaceWith(undo.cloneNode(true));
        ready(isNew);
        if (article !== review().dataset.claim) settle();
    }

    function ready(isNew) {
        if (isNew) started(review());
        Toasts.lift(review());
        showChosen();
        find("#quotes a[aria-current]")?.scrollIntoView({ block: "nearest" });
        const refused = find(".chosen-quote .refused");
        if (refused) document.getElementById("pane-decide").checked = true; // on a small screen
        refused?.scrollIntoView({ block: "nearest" });
        const heading = find("#chosen");
        if (heading?.checkVisibility({ visibilityProperty: true })) heading.focus({ preventScroll: true });
        else Selecting.text()?.focus({ preventScroll: true }); // on a small screen, where its pane is hidden
        putBackTyped();
        const amiss = find("details.step[open] [aria-invalid=true]"); // what is typed next belongs there
        if (amiss?.checkVisibility()) amiss.focus();
        review().dataset.ready = ""; // keys work from here on
        document.dispatchEvent(new CustomEvent("review:shown"));
    }

    function started(part) {
        // Django's autocomplete fields start on this event, and sources/labels.js names them.
        part.dispatchEvent(new CustomEvent("formset:added", { bubbles: true }));
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
        // A very low window scrolls as a whole.
        if (document.documentElement.scrollHeight > innerHeight) marks[0].scrollIntoView({ block: "center" });
    }

    function settle() {
        // Ignore single keys until there was no press for a moment.
        endSettling();
        review().dataset.settling = "";
        settling = setTimeout(endSettling, SETTLE_MS);
    }

    function endSettling() {
        clearTimeout(settling);
        settling = null;
        delete review().dataset.settling;
    }

    function busy(is) {
        if (is) review().setAttribute("aria-busy", "true"); else review().removeAttribute("aria-busy");
    }

    function setUndo(form) {
        undo = form;
        find("#undo").replaceWith(undo.cloneNode(true));
    }

    function update(page) {
        // Bring lists, counts and marks up to date from a page of the same article.
        if (page.element.dataset.claim !== review().dataset.claim) return;
        for (const part of page.element.querySelectorAll("[data-live]")) {
            const shown = find(`[data-live="${part.dataset.live}"]`);
            if (!shown?.contains(document.activeElement)) shown?.replaceWith(document.importNode(part, true));
        }
        for (const link of review().querySelectorAll("#quotes a")) {
            const isChosen = link.dataset.quote === quote();
            link.parentElement.classList.toggle("chosen", isChosen);
            if (isChosen) link.parentElement.hidden = false;
            if (isChosen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
        }
        for (const mark of review().querySelectorAll(".printed mark")) {
            const place = mark.closest("[data-snapshot]").id;
            const same = page.element.querySelector(`#${place} mark[data-at="${mark.dataset.at}"]`);
            if (!same) continue;
            const isChosen = mark.classList.contains("chosen");
            mark.className = same.className;
            mark.classList.toggle("chosen", isChosen);
        }
    }

    // What was typed

    const typed = () => JSON.parse(sessionStorage.getItem(TYPED) || "{}");
    const fieldsOf = (form) => Array.from(form.elements).filter(
        (field) => field.name && !/csrf|version$/.test(field.name) && field.type !== "submit",
    );

    function isTyped(field) {
        if (field.type === "hidden") return false;
        if (field.type === "checkbox") return field.checked !== field.defaultChecked;
        if (field.localName !== "select") return field.value !== field.defaultValue;
        return Array.from(field.options).some((option) => option.selected !== option.defaultSelected && option.value);
    }

    function keepTyped() {
        const step = find("details.step[open]");
        const form = step?.querySelector("form");
        if (!form || !quote() || review().dataset.sent !== undefined) return;
        if (!fieldsOf(form).some(isTyped) && !step.querySelector(".parts")?.textContent) return;
        const values = fieldsOf(form).map((field) => [
            field.name,
            field.type === "checkbox" ? field.checked : field.value,
            field.selectedOptions?.[0]?.text,
        ]);
        const words = step.querySelector(".parts")?.textContent;
        sessionStorage.setItem(TYPED, JSON.stringify({ ...typed(), [quote()]: { step: step.id, values, words } }));
    }

    function putBackTyped() {
        const kept = typed()[quote()];
        const step = kept && document.getElementById(kept.step);
        if (!step || step.open) return; // the server has put back what was refused
        for (const [name, value, label] of kept.values) {
            const field = step.querySelector(`[name="${name}"]`);
            if (!field) continue;
            if (field.type === "checkbox") field.checked = value;
            else if (label && !Array.from(field.options).some((option) => option.value === value)) {
                field.add(new Option(label, value, true, true));
            } else field.value = value;
        }
        if (kept.words) step.querySelector(".parts").textContent = kept.words;
        step.open = true;
    }

    function forget(key) {
        const { [key]: _, ...others } = typed();
        sessionStorage.setItem(TYPED, JSON.stringify(others));
    }

    addEventListener("pagehide", () => keepTyped());
    addEventListener("resize", showChosen);

    return {
        WHOLE, review, find, quote, now, read, complete, show, ready, settle, busy, setUndo, update, keepTyped, forget,
        get isBusy() { return review().hasAttribute("aria-busy"); },
        get isSettling() { return settling !== null; },
    };
})();
