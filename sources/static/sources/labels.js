"use strict";
/* Select2 labels an autocomplete field with its value only: put the name of the field before it. */
{
    const nameOf = select =>
        select.getAttribute("aria-label") || select.labels[0]?.textContent.trim().replace(/:$/, "");

    const nameAll = place => {
        for (const select of place.querySelectorAll("select.select2-hidden-accessible")) {
            const drawn = select.nextElementSibling?.querySelector(".select2-selection--single");
            if (!drawn || drawn.hasAttribute("aria-label")) {
                continue;
            }
            drawn.id = `${select.id}-chosen`;
            drawn.setAttribute("aria-label", nameOf(select) || "");
            const chosen = drawn.querySelector(".select2-selection__rendered");
            drawn.setAttribute("aria-labelledby", `${drawn.id} ${chosen.id}`);
            chosen.removeAttribute("role"); // it only displays the choice
            chosen.removeAttribute("aria-readonly");
        }
    };

    // After jQuery has drawn the fields.
    window.addEventListener("load", () => setTimeout(() => nameAll(document)));
    document.addEventListener("formset:added", event => setTimeout(() => nameAll(event.target)));
}
