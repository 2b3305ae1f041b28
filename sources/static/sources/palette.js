"use strict";
/* The palette: Ctrl+K or Cmd+K opens a search over everything; see sources/admin/site_search.py.

   The results are options of a listbox that the server writes; Enter follows the link of the active
   one. Without a result it sends the form, which leads to the page that works without a script. */
{
    const PAUSE = 120; // ms after the last key before a search is sent

    const palette = document.getElementById("palette");
    const form = palette.querySelector("form");
    const box = form.elements.q;
    const results = document.getElementById("palette-results");
    const status = document.getElementById("palette-status");
    let timer, request, active = null;

    const options = () => [...results.querySelectorAll("[role=option]")];

    const choose = option => {
        active?.setAttribute("aria-selected", "false");
        active = option ?? null;
        if (active) {
            active.setAttribute("aria-selected", "true");
            box.setAttribute("aria-activedescendant", active.id);
            active.scrollIntoView({block: "nearest"});
        } else {
            box.removeAttribute("aria-activedescendant");
        }
    };

    const show = (html, said) => {
        results.innerHTML = html;
        const found = options();
        results.hidden = !found.length;
        box.setAttribute("aria-expanded", String(found.length > 0));
        const number = found.length === 1 ? "1 result" : `${found.length} results`;
        status.textContent = said ?? (found.length ? number : "Nothing found.");
        choose(found[0]);
    };

    const search = async () => {
        request?.abort();
        const term = box.value.trim();
        if (!term) {
            show("", "");
            return;
        }
        request = new AbortController();
        const {signal} = request;
        palette.setAttribute("aria-busy", "true");
        try {
            const query = new URLSearchParams({part: "results", q: term});
            const answer = await fetch(`${form.action}?${query}`, {signal});
            if (answer.redirected) {
                show("", "You have been logged out. Press Enter to log in.");
            } else if (answer.ok) {
                show(await answer.text());
            } else {
                show("", "The search failed. Press Enter to try again.");
            }
        } catch (error) {
            if (error.name !== "AbortError") {
                show("", "The server does not answer. Press Enter to try again.");
            }
        }
        if (!signal.aborted) {
            palette.removeAttribute("aria-busy");
        }
    };

    const move = by => {
        const all = options();
        if (all.length) {
            const at = active ? all.indexOf(active) : by > 0 ? -1 : 0;
            choose(all[(at + by + all.length) % all.length]);
        }
    };

    box.addEventListener("input", () => {
        request?.abort(); // what was found for other words is not followed
        choose(null);
        clearTimeout(timer);
        timer = setTimeout(search, PAUSE);
    });

    box.addEventListener("keydown", event => {
        if (event.isComposing) {
            return;
        }
        const steps = {ArrowDown: 1, ArrowUp: -1};
        if (event.key in steps) {
            event.preventDefault();
            move(steps[event.key]);
        } else if (event.key === "Enter" && active) {
            event.preventDefault();
            active.click();
        } else if (event.key === "Escape") {
            event.preventDefault(); // which would only empty the field
            palette.close();
        }
    });

    // A click beside the dialog closes it
    palette.addEventListener("click", event => event.target === palette && palette.close());
    palette.addEventListener("close", () => request?.abort());

    document.addEventListener("keydown", event => {
        const chord = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
        if (!chord || event.key.toLowerCase() !== "k" || event.repeat) {
            return;
        }
        event.preventDefault();
        if (palette.open) {
            palette.close();
        } else {
            palette.showModal();
            box.select();
        }
    });

    if (/Mac|iPhone|iPad/.test(navigator.platform)) {
        const field = document.querySelector("#site-search input");
        field.placeholder = field.placeholder.replace("Ctrl+K", "⌘K");
    }
}
