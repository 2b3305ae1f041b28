// Completes “@ada” in a note to the name of a colleague. Without it, the names stand below the field.
"use strict";
{
    const MOST = 8;
    let list = null; // of the field that is being completed
    let chosen = 0;

    const begun = (field) => /(?:^|[^\w.+@-])@([\w.+@-]*)$/.exec(field.value.slice(0, field.selectionStart));

    function close() {
        if (!list) return;
        list.field.removeAttribute("aria-activedescendant");
        list.remove();
        list = null;
    }

    function offer(field) {
        close();
        const match = begun(field);
        if (!match) return;
        const typed = match[1].toLowerCase();
        const names = field.dataset.mentions.split(" ").filter((name) => name && name.toLowerCase().startsWith(typed));
        if (!names.length || names[0].toLowerCase() === typed) return;
        list = document.createElement("ul");
        list.className = "mentions";
        list.setAttribute("role", "listbox");
        list.setAttribute("aria-label", "Colleagues");
        list.field = field;
        names.slice(0, MOST).forEach((name, number) => {
            const option = document.createElement("li");
            option.id = `mention-${number}`;
            option.setAttribute("role", "option");
            option.textContent = name;
            option.addEventListener("mousedown", (event) => {
                event.preventDefault();
                take(name);
            });
            list.append(option);
        });
        field.after(list);
        choose(0);
    }

    function choose(number) {
        const options = Array.from(list.children);
        chosen = (number + options.length) % options.length;
        options.forEach((option, index) => option.setAttribute("aria-selected", index === chosen));
        list.field.setAttribute("aria-activedescendant", options[chosen].id);
    }

    function take(name) {
        const field = list.field;
        const typed = begun(field)[1];
        const end = field.selectionStart;
        field.setRangeText(`${name} `, end - typed.length, end, "end");
        close();
        field.focus();
    }

    document.addEventListener("input", (event) => {
        if (event.target.matches("textarea[data-mentions]")) offer(event.target);
    });
    document.addEventListener("focusout", close);
    document.addEventListener(
        "keydown",
        (event) => {
            if (!list || event.target !== list.field || event.ctrlKey || event.metaKey) return;
            if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
            else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen].textContent);
            else if (event.key === "Escape") close();
            else return;
            event.preventDefault();
            event.stopPropagation();
        },
        true,
    );
}
