/* The field of the speaker on the review page: it opens with its step, and searches at once for the
   printed surname. Enter takes the first speaker that is found; Enter again sends the form. Where
   nobody is found, Enter leads to the field for a new speaker. */
"use strict";
{
    const $ = django.jQuery;
    const NOBODY = "Nobody found. Press Enter to add a new speaker.";
    const FIELD = "#step-assign select[name$='-speaker']";

    document.addEventListener("toggle", (event) => {
        const step = event.target;
        if (step.id !== "step-assign" || !step.open || step.querySelector(".errorlist")) return;
        const field = $(FIELD);
        if (!field.val()) field.select2("open");
    }, true); // it does not bubble

    $(document).on("select2:open", FIELD, () => {
        const search = document.querySelector(".select2-container--open .select2-search__field");
        const sought = document.getElementById("step-assign").dataset.search;
        if (!search) return;
        $(FIELD).data("select2").options.get("translations").dict.noResults = () => NOBODY;
        search.addEventListener("keydown", addNew);
        if (!sought) return;
        search.value = sought;
        search.select(); // typing replaces it
        // After the field has asked for all: the later question is the one that is answered.
        setTimeout(() => search.dispatchEvent(new Event("input", { bubbles: true })));
    });

    function addNew(event) {
        const said = document.querySelector(".select2-container--open .select2-results__message");
        if (event.key !== "Enter" || said?.textContent !== NOBODY || !event.target.value.trim()) return;
        event.preventDefault();
        const field = $(FIELD), name = field[0].form.querySelector("input[name$='-name']");
        name.value = event.target.value.trim();
        field.select2("close");
        name.focus();
    }

    document.addEventListener("keydown", (event) => {
        // Where several are chosen, Enter opens the list again, with Ctrl too: here that sends the form.
        const field = event.target.closest("#step-assign .select2-search__field");
        if (!field || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.stopPropagation();
        event.preventDefault();
        field.form.requestSubmit();
    }, true);

    $(document).on("select2:select", FIELD, (event) => {
        const form = event.target.form;
        const note = form.querySelector("textarea[name$='-note']");
        const next = note && !note.value ? note : form.querySelector("button[type=submit]");
        setTimeout(() => next.focus()); // after the field has taken the focus back
    });
}
