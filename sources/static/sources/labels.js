"use strict";
/* Fields that complete as one types are drawn by Select2, which says what is chosen and not what it
   is chosen for: the name of the field is said before it. */
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
            chosen.removeAttribute("role"); // it says what is chosen, and takes nothing
            chosen.removeAttribute("aria-readonly");
        }
    };

    // After jQuery's own turn, in which the fields are drawn.
    window.addEventListener("load", () => setTimeout(() => nameAll(document)));
    document.addEventListener("formset:added", event => setTimeout(() => nameAll(event.target)));
}
