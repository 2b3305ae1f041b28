/* The keys of the review page, and what a click or a form does there.

   Every key clicks an element of the page ([data-key]), and every form works without this script.
   A held key counts once. A key that does nothing here says so. Selecting words is in selecting.js,
   the page and its replacement in page.js, the steps in steps.js, their answers in toasts.js. */
"use strict";
{
    const CLAIM_EVERY_MS = 60_000; // a claim lasts five minutes
    const MAX_SUGGESTIONS = 5;
    const DEPENDS_ON_STATUS = "prodf"; // keys of steps that the status alone offers
    const { review, find } = Page;
    let waiting = { quote: null, keys: [] }; // pressed before the page could do what they stand for

    // Keys

    const keysAreOn = () => localStorage.getItem("review.keys") !== "off";

    function key(event) {
        if (event.defaultPrevented || event.altKey || event.isComposing) return;
        const field = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, .select2-container");
        // A held key decides one quote; Enter on a button too.
        if (event.repeat && event.key === "Enter" && event.target.closest("button, summary, a")) event.preventDefault();
        if (event.ctrlKey || event.metaKey) {
            if (event.key === "Enter" && field && field.form && !event.repeat) field.form.requestSubmit();
            return;
        }
        if (find("#keys").open) return;
        if (event.key === "Enter" && field?.matches(".step select") && !event.repeat) {
            event.preventDefault(); // else the list of choices would open
            return field.form.requestSubmit();
        }
        if (Selecting.step && !field) return Selecting.byKey(event);
        if (event.key === "Escape" && event.target.closest("details.step")) {
            const step = event.target.closest("details.step");
            step.open = false;
            step.querySelector("summary").focus();
            return;
        }
        if (field || !keysAreOn() || event.repeat || event.key.length > 1) return;
        if (Page.isSettling) return Page.settle();
        if (event.key !== "u" && (Page.isBusy || waits())) return wait([event.key]);
        if (press(event.key)) event.preventDefault();
    }

    function press(key) {
        // Do what the key stands for; whether it stands for anything.
        if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
        if (key === "u") {
            Steps.undo();
            return true;
        }
        const target = Array.from(review().querySelectorAll("[data-key]")).find(
            (element) => element.dataset.key === key && element.checkVisibility(),
        );
        if (!target && find("#speakers[data-later]")) return wait([key]);
        if (!target) return sayWithoutEffect(key);
        if (target.closest("[data-later]")) return wait([key]);
        if (target.localName === "summary") open(target.parentElement); else target.click();
        return true;
    }

    const waits = () => waiting.quote === Page.quote() && waiting.keys.length > 0 && find("[data-later]");

    function wait(keys) {
        if (waiting.quote !== Page.quote()) waiting = { quote: Page.quote(), keys: [] };
        waiting.keys.push(...keys);
        if (Page.isBusy) return true;
        Page.busy(true);
        Page.complete(Page.now()).then(
            () => {
                if (waiting.quote !== Page.quote()) return;
                Page.busy(false);
                pressWaiting();
            },
            () => {
                waiting.keys = [];
                Page.busy(false);
                Toasts.show("The rest of the page could not be read. Reload it.", "warning", "offline");
            },
        );
        return true;
    }

    function pressWaiting() {
        // What was typed after a key that opens a form was meant for the form, and is dropped.
        const { quote, keys } = waiting;
        waiting = { quote: null, keys: [] };
        if (quote !== Page.quote() || find(".chosen-quote [role=alert]")) return;
        while (keys.length && !Selecting.step && !find("details.step[open]")) {
            if (Page.isBusy) return wait(keys);
            press(keys.shift());
        }
    }

    function sayWithoutEffect(key) {
        const status = find("#quotes li.chosen")?.dataset.status;
        const row = Array.from(find("#keys table").rows).find(
            (each) => Array.from(each.querySelectorAll("kbd")).some((one) => one.textContent === key),
        );
        let why = null;
        if (key >= "1" && key <= String(MAX_SUGGESTIONS)) why = `No suggestion ${key}.`;
        else if (key === "p" && status === "published") why = "This quote is published already.";
        else if (row) {
            const isForStatus = status && DEPENDS_ON_STATUS.includes(key);
            why = `${row.querySelector("td").textContent}: ${isForStatus ? `not possible here, the quote is ${status}` : "not offered for this quote"}.`;
        }
        if (why) Toasts.show(why, "info", "key");
        return Boolean(why);
    }

    function move(by) {
        const links = Array.from(review().querySelectorAll("#quotes li:not([hidden]) a"));
        const now = links.findIndex((link) => link.hasAttribute("aria-current"));
        const next = links[now + by];
        if (next) Steps.go(next.href);
        else Toasts.show(by > 0 ? "This is the last quote." : "This is the first quote.", "info", "key");
        return true;
    }

    function open(step) {
        if (Selecting.isFor(step)) return Selecting.start(step);
        step.open = true;
        // On a small screen, show the pane that it is in.
        if (step.closest(".chosen-quote > .scroller")) document.getElementById("pane-decide").checked = true;
        step.scrollIntoView({ block: "nearest" }); // its button too
        const first = step.querySelector(".select2-selection, textarea, input:not([type=hidden]), select");
        if (first) first.focus();
    }

    // Events

    document.addEventListener("keydown", key);
    document.addEventListener("review:shown", () => {
        find("#keys-on").checked = keysAreOn();
        pressWaiting();
    });
    document.addEventListener("selectionchange", Selecting.show);
    document.addEventListener("toggle", (event) => {
        // A toast would cover the fields of the step.
        if (event.target.matches("details.step[open]")) Toasts.clear();
    }, true);
    document.addEventListener("mousedown", (event) => {
        // Keep the selection in the text while its step is opened.
        if (event.target.closest("details.step > summary")) event.preventDefault();
    });
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (!review().contains(form) || form.method === "dialog") return;
        event.preventDefault();
        if (form.id === "undo") return Steps.undo();
        if (!Page.isBusy) Steps.take(form, event.submitter); // else a second press while it is sent
    });
    document.addEventListener("click", (event) => {
        const link = event.target.closest("#quotes a, #review a[data-key]");
        const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (link && plain) {
            event.preventDefault();
            return Steps.go(link.href);
        }
        const mark = event.target.closest(".printed mark");
        if (mark && getSelection().isCollapsed && !Selecting.step) {
            const quotes = mark.dataset.quotes.split(" ");
            const now = quotes.indexOf(Page.quote());
            const next = quotes[(now + 1) % quotes.length];
            if (now < 0 || quotes.length > 1) return Steps.go(find(`#quotes a[data-quote="${next}"]`).href);
        }
        if (event.target.closest("#show-keys")) find("#keys").showModal();
        const summary = event.target.closest("details.step > summary");
        if (summary && !summary.parentElement.open && Selecting.isFor(summary.parentElement)) {
            event.preventDefault();
            Selecting.start(summary.parentElement);
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

    function begin() {
        Page.ready(false);
        Steps.lookAhead();
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
}
