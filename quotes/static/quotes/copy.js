// Buttons that copy what stands beside them. Without script they stay hidden: the text can be selected.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(from.value ?? from.textContent);
    } catch {
      // Without permission, or over plain http: select it, for the keys of the browser
      if (from.select) from.select();
      else getSelection().selectAllChildren(from);
      return;
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
