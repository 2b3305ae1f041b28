"use strict";

// Refresh the numbers while the job runs; reload the page when it has ended.
{
    const progress = () => document.getElementById("job-progress");

    const refresh = async () => {
        try {
            const answer = await fetch(location.href, {credentials: "same-origin"});
            if (answer.redirected || !answer.ok) return location.reload();
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const fresh = page.getElementById("job-progress");
            if (!fresh.hasAttribute("data-open")) return location.reload();
            progress().querySelector("progress").value = fresh.querySelector("progress").value;
            for (const part of ["[role=status]", ".numbers"]) {
                const [now, then] = [fresh.querySelector(part), progress().querySelector(part)];
                if (now.textContent !== then.textContent) then.replaceChildren(...now.childNodes);
            }
        } catch {
            // The server may be restarting.
        }
        setTimeout(refresh, 1000);
    };
    setTimeout(refresh, 1000);
}
