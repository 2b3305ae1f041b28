// Keys of the page of a queue: “/” searches and Esc leaves the search, j and k move between the articles,
// Enter opens one.
"use strict";
{
    const links = () => Array.from(document.querySelectorAll("table.queue th[scope=row] a"));

    function move(by) {
        const all = links();
        const now = all.indexOf(document.activeElement);
        const next = all[now < 0 && by < 0 ? all.length - 1 : now + by];
        if (!next) return;
        next.focus();
        next.closest("tr").scrollIntoView({ block: "nearest" });
    }

    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && event.target.id === "id_q") return event.target.blur();
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target.closest("input, textarea, select, [contenteditable], .select2-container")) return;
        if (localStorage.getItem("review.keys") === "off") return;
        if (event.key === "/") document.getElementById("id_q").focus();
        else if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
        else return;
        event.preventDefault();
    });
}
