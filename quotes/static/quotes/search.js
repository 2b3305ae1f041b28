// Answers while one types: fetches the page of the present form and shows its results.
"use strict";

const PAUSE = 250; // milliseconds without a key before the server is asked
const UNFINISHED = 1000; // milliseconds more before it is said that nothing was found
const form = document.getElementById("search");
let timer;
let asking;

function address() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim()) asked.append(name, value);
  }
  return `${form.getAttribute("action")}${asked.size ? `?${asked}` : ""}`;
}

async function fetchPage(url) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(url, { signal: asking.signal });
  if (!answer.ok) return null; // such as a word that is in nearly every text: wait for the rest
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function replace(id, page) {
  const there = document.getElementById(id);
  const fetched = page.getElementById(id);
  if (there && fetched) there.replaceWith(document.adoptNode(fetched));
}

async function answer() {
  const url = address();
  const found = document.getElementById("found");
  found.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(url);
    if (!page) return;
    if (!page.querySelector(".quote")) {
      await new Promise((done) => setTimeout(done, UNFINISHED));
    }
    if (url !== address()) return; // somebody went on typing
    replace("found", page);
    document.getElementById("said").textContent = document.getElementById("number").textContent;
    document.title = page.title;
    history.replaceState(null, "", url);
    count();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    found.removeAttribute("aria-busy");
  }
}

// Counting a large archive takes longer than a page: the counts come after it.
async function count() {
  const link = document.getElementById("counts");
  if (!link) return;
  try {
    const page = await fetchPage(link.href);
    if (!page || !link.isConnected) return;
    // The quotes stay: somebody may be reading them, or have the focus there.
    for (const id of ["number", "named", "over-time", "narrow"]) replace(id, page);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

const TYPED = ["q", "phrase", "like"]; // fields that are answered while one types

form.addEventListener("input", (event) => {
  if (!TYPED.includes(event.target.name)) return;
  clearTimeout(timer);
  timer = setTimeout(answer, PAUSE);
});
form.addEventListener("change", (event) => {
  if (!TYPED.includes(event.target.name)) answer();
});

// Names to choose from, below the fields that take one.
let suggesting;

async function suggest(field) {
  const list = document.getElementById(field.getAttribute("list"));
  suggesting?.abort();
  suggesting = new AbortController();
  try {
    const url = `${field.dataset.names}?${new URLSearchParams({ q: field.value })}`;
    const found = await fetch(url, { signal: suggesting.signal });
    if (!found.ok) return;
    const { names } = await found.json();
    list.replaceChildren(...names.map((name) => new Option(name, name)));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

for (const field of form.querySelectorAll("[data-names]")) {
  let pause;
  field.addEventListener("input", () => {
    clearTimeout(pause);
    if (field.value.trim()) pause = setTimeout(suggest, PAUSE, field);
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  location.assign(address());
});
count();
