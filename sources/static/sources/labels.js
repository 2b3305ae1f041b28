"use strict";
/* Names for what Django's admin leaves without one, so that screen readers can say it.

   Select2 labels an autocomplete field with its value only: the name of the field comes before it.
   Empty column headings get hidden words; the search box gets the name of its picture. */
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

    const nameTheRest = () => {
        for (const heading of document.querySelectorAll(".inline-group thead th")) {
            if (heading.textContent.trim()) continue;
            const words = document.createElement("span");
            words.className = "visually-hidden";
            words.textContent = heading.matches(".original") ? "Record" : "Remove";
            heading.append(words);
        }
        document.getElementById("searchbar")?.setAttribute("aria-label", "Search");
        // Hints beside boxes that have names of their own.
        for (const hint of document.querySelectorAll(".search-label-icon")) hint.removeAttribute("aria-label");
    };

    // After jQuery has drawn the fields.
    window.addEventListener("load", () => setTimeout(() => {
        nameAll(document);
        nameTheRest();
    }));
    document.addEventListener("formset:added", event => setTimeout(() => nameAll(event.target)));
}
