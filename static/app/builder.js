// The form builder: the preview follows what is typed, and fields are dragged. Both are extras beside buttons.
(() => {
  let waiting = 0;
  const preview = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const editor = document.getElementById("editor");
      const button = document.getElementById("preview-button");
      if (editor && button) editor.requestSubmit(button);
    }, 500);
  };
  document.addEventListener("input", (event) => event.target.closest("#editor") && preview());
  document.addEventListener("htmx:afterSettle", (event) => event.target.closest?.(".builder") && preview());

  // What was changed and not saved isn't lost by saving something else on the page, or by going away.
  let isUnsaved = false;
  document.addEventListener("input", (event) => event.target.closest("#editor") && (isUnsaved = true));
  document.addEventListener("htmx:afterSettle", (event) => event.detail.target.closest?.(".builder") && (isUnsaved = true));
  document.addEventListener("submit", (event) => {
    if (event.target.id === "editor" && event.submitter?.formTarget !== "preview") isUnsaved = false;
  });
  addEventListener("beforeunload", (event) => isUnsaved && event.preventDefault());

  // Who presses a button with a key goes on from where they were: at the same button, in the new field, or beside "Add".
  document.addEventListener("htmx:afterSettle", (event) => {
    const pressed = event.detail.requestConfig?.elt;
    if (pressed?.name !== "do" || document.activeElement !== document.body) return;
    const row = document.getElementById(`field-${pressed.value.split(":")[1]}`);
    const added = pressed.value === "add" && document.querySelector("[data-sortable] > .row-item:last-child");
    const next = added ? added.querySelector("[name=field-label]")
      : row?.querySelector(`[value="${pressed.value}"]:enabled`) || row?.querySelector("button:enabled");
    (next || document.getElementById("new-field")).focus();
  });

  // A row can be dragged by anything but its inputs, in which dragging selects text.
  let dragged = null;
  const row = (event) => event.target.closest?.("[data-sortable] > .row-item");
  document.addEventListener("pointerdown", (event) => {
    const item = row(event);
    if (item) item.draggable = !event.target.closest("input, textarea, select, button, label");
  });
  document.addEventListener("dragstart", (event) => {
    dragged = row(event);
    dragged?.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = row(event);
    if (!dragged || !over) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    dragged = null;
    isUnsaved = true;
    preview();
  });

  // On the test page another width keeps what was typed.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-width]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.getElementById("website").className = `test-website is-${link.dataset.width}`;
    for (const each of document.querySelectorAll("[data-width]")) {
      each.classList.toggle("active", each === link);
      each === link ? each.setAttribute("aria-current", "true") : each.removeAttribute("aria-current");
    }
    history.replaceState(null, "", link.href);
  });
})();
