/* The steps on their way to the server, one after the other, and the quote shown meanwhile.

   A step that leaves its quote shows the next one at once: its page was read ahead. `apply` is the
   one place that deals with an answer. A step that was taken says so. One that was refused comes
   back, with what was typed. One that could not be sent stays here and is sent again. */
"use strict";
const Steps = (() => {
    const AHEAD_MS = 300; // a page is read ahead once the last step is answered, or after this long
    const RETRY_MS = 5_000;
    const pending = []; // the first one is being sent
    const decided = new Set(); // quotes that were left: a page that was read before may lead to them
    let isSending = false;
    let isCut = false; // the connection, and it has been said
    let ahead = null; // the next page: { quote, hasBegun, isFresh, page }, the page a promise
    let isStale = false; // the page shown was read before the last step was taken
    let whenDrained = Promise.resolve(), drained = () => {};

    // Taking a step

    function take(form, button) {
        const quote = Page.quote(), isUndo = form.id === "undo";
        if (!isUndo && pending.some((step) => step.quote === quote && !step.isUndo)) {
            return Toasts.show("Your decision about this quote is still being sent.");
        }
        if (!pending.length) whenDrained = new Promise((resolve) => { drained = resolve; });
        const words = Page.find("#quotes a[aria-current] .excerpt")?.textContent.trim() || "";
        const step = {
            quote, isUndo, before: Page.now(), undos: 0,
            address: form.action,
            body: new URLSearchParams(new FormData(form, button)),
            id: crypto.getRandomValues(new Uint32Array(4)).join("-"), // tells a step that is sent twice
            name: isUndo ? "Undo" : `${form.dataset.step || "Change"} “${words.length > 60 ? `${words.slice(0, 60)}…` : words}”`,
        };
        pending.push(step);
        Toasts.endUndo();
        step.swapped = "leaves" in form.dataset ? showNext(step) : waitFor();
        send();
    }

    async function showNext(step) {
        decided.add(step.quote);
        const next = nextPage();
        if (!next) return waitFor();
        Page.busy(true);
        const page = await next;
        if (Page.quote() !== step.quote) return;
        Page.busy(!page && isSending);
        if (!page) return;
        isStale = true;
        Page.show({ ...page, isOlder: true });
        step.shown = Page.quote();
        lookAhead();
    }

    function waitFor() {
        Page.busy(true);
    }

    // Sending

    async function send() {
        if (isSending) return;
        isSending = true;
        while (pending.length) {
            const step = pending[0];
            let answer;
            try {
                const headers = { "X-Request-ID": step.id };
                answer = await Page.read(step.address, { method: "POST", body: step.body, headers });
            } catch {
                isOffline(step);
                break;
            }
            isCut = false;
            Toasts.close("offline");
            await step.swapped;
            if (!await apply(step, answer)) break;
        }
        isSending = false;
        if (pending.length) return;
        drained();
        if (!ahead || (ahead.hasBegun && !ahead.isFresh)) lookAhead();
    }

    async function apply(step, answer) {
        // Do what the answer to a step asks for; tell whether to go on with the next one.
        if (answer.isLogin) return logIn(answer.url);
        pending.shift();
        if (answer.answer) {
            Page.forget(step.quote);
            Toasts.close(`refused ${step.quote}`);
            step.before.element.dataset.sent = "";
            if (step.isUndo) decided.clear();
            Toasts.lift(answer.answer);
            Page.setUndo(answer.answer.querySelector("#undo"));
            const to = answer.answer.dataset.to;
            if (!pending.length && !step.undos) await follow(step, to);
            if (step.undos) undoAgain(step.undos - 1);
            return true;
        }
        decided.delete(step.quote);
        ahead = null;
        Page.show(answer.element ? { ...answer, url: step.before.url } : step.before);
        Page.settle();
        const why = answer.element ? "" : ` ${answer.title}`;
        Toasts.show(`Not saved. ${step.name}.${why}`, "error", `refused ${step.quote}`);
        return true;
    }

    async function follow(step, to) {
        // Show the page that the step leads to, unless it is shown or the user went elsewhere.
        const leads = new URL(to, location).searchParams.get("quote");
        if (step.shown ? leads === step.shown || Page.quote() !== step.shown : !step.isUndo && Page.quote() !== step.quote) return;
        await go(to, true);
    }

    async function go(address, follows = false) {
        // Show another page of the review in place, or leave for a page that is not one.
        Page.busy(true);
        let page, isAnswered = follows;
        const stays = new URL(address, location).searchParams.get("quote") === Page.quote();
        try {
            page = await Page.read(address, stays ? Page.WHOLE : {});
            if (page.answer) {
                isAnswered = true;
                Toasts.lift(page.answer);
                Page.setUndo(page.answer.querySelector("#undo"));
                page = await Page.read(page.answer.dataset.to);
            }
        } catch {
            Page.busy(false);
            return Toasts.show("No connection. Try again when it is back.", "warning", "offline");
        }
        if (page.element) {
            Page.show(page);
            return lookAhead();
        }
        if (pending.length && follows) return Page.busy(false); // an undo, asked for meanwhile
        if (pending.length) await whenDrained;
        Page.keepTyped();
        if (isAnswered) Toasts.keep();
        location.assign(page.url);
    }

    function isOffline(step) {
        Page.busy(false);
        if (!isCut) Toasts.show(`No connection. ${step.name} will be sent again.`, "warning", "offline");
        isCut = true;
        setTimeout(send, RETRY_MS);
    }

    function logIn(address) {
        // The address leads back to the quote of the first step that was not taken.
        Page.keepTyped();
        const names = pending.map((step) => step.name).join(", ");
        pending.length = 0;
        Toasts.show(`You were logged out before this was saved: ${names}. What you typed is kept.`, "warning");
        Toasts.keep();
        location.assign(address);
        return false;
    }

    // Undo

    function undo() {
        const last = pending.at(-1);
        if (last && (pending.length > 1 || !isSending)) {
            pending.pop();
            decided.delete(last.quote);
            Page.show(last.before);
            lookAhead();
            if (!pending.length) {
                isCut = false;
                Toasts.close("offline");
            }
            return Toasts.show(`Not sent, as you took it back. ${last.name}`);
        }
        if (last) {
            last.undos += 1;
            return;
        }
        const form = Page.find("#undo");
        if (form.hidden) Toasts.show("There is nothing to undo.", "info", "key");
        else take(form, form.querySelector("button"));
    }

    function undoAgain(times) {
        undo();
        if (pending.length) pending.at(-1).undos = times;
    }

    // Reading ahead

    function nextPage() {
        const next = Page.find(".chosen-quote")?.dataset.next;
        return ahead && ahead.quote === next && !decided.has(next) ? ahead.page : null;
    }

    function lookAhead() {
        const quote = Page.find(".chosen-quote")?.dataset.next;
        const isNext = quote && !decided.has(quote);
        const turn = { quote: isNext ? quote : null, isFresh: false };
        ahead = turn;
        turn.page = (async () => {
            const pause = new Promise((resolve) => setTimeout(resolve, AHEAD_MS));
            if (pending.length) await Promise.race([whenDrained, pause]);
            turn.hasBegun = true;
            turn.isFresh = !pending.length;
            if (!isNext && !isStale) return null;
            const link = Page.find(`#quotes a[data-quote="${quote}"]`);
            try {
                const page = await Page.read(isNext && link ? link.href : location.href);
                if (!page.element) return null;
                if (turn.isFresh && ahead === turn) {
                    isStale = false;
                    Page.update(page);
                }
                return page;
            } catch {
                return null;
            }
        })();
        turn.page.then(async (next) => {
            if (ahead === turn) await Page.complete(Page.now());
            if (isNext && next && ahead === turn) await Page.complete(next);
        }).catch(() => {}); // a key that needs more of the page says that there is no connection
    }

    addEventListener("online", send);
    addEventListener("beforeunload", (event) => {
        if (pending.length) event.preventDefault();
    });

    return { take, undo, go, lookAhead };
})();
