// Keys of the duplicates pages. Everything here is an extra: each key presses a button or link that is on the page.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const queue = () => document.getElementById("review");
  const compare = document.querySelector("[data-compare]");

  // ---- the queue: one card is the current one ----------------------------------------------------------------------
  const SKIPPED = "skipped-pairs"; // until the browser is closed
  const remember = { keys: new Set() };
  try {
    remember.keys = new Set(JSON.parse(sessionStorage.getItem(SKIPPED) || "[]"));
  } catch {
    // Without storage, skipping lasts as long as the page.
  }
  const cards = () => (queue() ? all("[data-card]", queue()) : []);
  const isSkipped = (card) => remember.keys.has(card.dataset.card);
  let place = 0;

  const current = () => cards()[place];
  const show = (index, { hasFocus = true } = {}) => {
    const list = cards();
    if (!list.length) return;
    place = Math.min(Math.max(index, 0), list.length - 1);
    list.forEach((card, number) => {
      card.classList.toggle("is-current", number === place);
      card.classList.toggle("is-skipped", isSkipped(card));
    });
    if (!hasFocus) return;
    list[place].focus({ preventScroll: true });
    list[place].scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const next = cards()[place + by];
    if (next) show(place + by);
    else if (by > 0) document.querySelector("[data-next-page]")?.focus();
  };
  const skip = (card) => {
    remember.keys.add(card.dataset.card);
    try {
      sessionStorage.setItem(SKIPPED, JSON.stringify([...remember.keys].slice(-500)));
    } catch {
      // See above.
    }
    const list = cards();
    const next = list.findIndex((other, index) => index > list.indexOf(card) && !isSkipped(other));
    show(next < 0 ? list.indexOf(card) : next);
    if (next < 0) document.querySelector("[data-next-page]")?.click();
  };
  const firstOpen = () => Math.max(cards().findIndex((card) => !isSkipped(card)), 0);

  if (queue()) show(firstOpen(), { hasFocus: false });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "review") return;
    // Decided cards are gone: the one that took their place is next.
    if (event.detail.requestConfig?.verb === "get") place = firstOpen();
    show(place);
  });
  document.addEventListener("focusin", (event) => {
    const index = cards().indexOf(event.target.closest?.("[data-card]"));
    if (index >= 0 && index !== place) show(index, { hasFocus: false });
  });

  // ---- the comparison: one field is the current one ----------------------------------------------------------------
  const rows = () => all("[data-row]", compare).filter((row) => !row.closest("details:not([open])"));
  const currentRow = () => document.activeElement?.closest?.("[data-row]");
  const focusRow = (row) => {
    const field = row?.querySelector("[data-pick]:checked") ?? row?.querySelector("[data-pick]:not(:disabled)");
    field?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  const stepRow = (by) => {
    const list = rows();
    const index = list.indexOf(currentRow());
    focusRow(list[Math.min(Math.max(index + by, 0), list.length - 1)]);
  };
  const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
  const pick = (row, number) => {
    const field = row?.querySelector(`[data-pick="${number}"]:not(:disabled)`);
    if (!field) return;
    field.focus({ preventScroll: true });
    if (field.checked) return;
    field.checked = true;
    changed(field);
  };
  // Without JavaScript these submit; with it htmx would go on sending the one that was pressed last.
  for (const taker of all("[data-take-all]")) {
    taker.type = "button";
    taker.removeAttribute("name");
  }
  const takeAll = (number) => {
    let last = null;
    for (const row of all("[data-row]:not(.compare-heads)", compare)) {
      const field = row.querySelector(`[data-pick="${number}"]:not(:disabled)`);
      if (field && !field.checked) {
        field.checked = true;
        last = field;
      }
    }
    if (last) changed(last);
  };
  const keepBoth = () => currentRow()?.querySelector("[data-both]")?.click();

  const compareKey = (event) => {
    const { key } = event;
    if (key === "j") stepRow(1);
    else if (key === "k") stepRow(-1);
    else if (/^\d$/.test(key)) pick(currentRow() ?? rows()[1], key === "0" ? "10" : key);
    else if (key === "b") keepBoth();
    else if (key === "Enter" && event.target.matches("input")) compare.querySelector("[data-merge]").focus();
    else return false;
    return true;
  };

  // ---- keys in general ---------------------------------------------------------------------------------------------
  const isTyping = (target) => target.matches?.("textarea, select, input:not([type=radio], [type=checkbox])");
  const isInReach = (element) => {
    const folded = element.closest("details:not([open])");
    return !element.hidden && (!folded || element.matches("summary"));
  };
  const button = (key) => {
    const wanted = `[data-key="${CSS.escape(key)}"]`;
    const own = all(wanted, current() ?? document).find(isInReach);
    return own ?? all(wanted).find((element) => isInReach(element) && !element.closest("[data-card]"));
  };
  const queueKey = ({ key }) => {
    if (!cards().length) return false;
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else return false;
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return closeMenus();
    const isDone = compare ? compareKey(event) : queueKey(event);
    if (!isDone && !/^[a-z?]$/.test(event.key)) return;
    if (!isDone) {
      const element = button(event.key);
      if (!element || event.repeat) return;
      element.click();
      if (element.matches("summary")) element.parentElement.querySelector("button")?.focus();
    }
    event.preventDefault();
  });

  const closeMenus = (but = null) => {
    for (const menu of all("[data-menu][open]")) if (menu !== but) menu.open = false;
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-opens], [data-skip], [data-take-all]");
    closeMenus(event.target.closest?.("[data-menu]"));
    if (!target) return;
    if (target.dataset.opens) document.getElementById(target.dataset.opens).showModal();
    else if (target.dataset.takeAll) takeAll(target.dataset.takeAll);
    else if (!event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      skip(target.closest("[data-card]"));
    }
  });
  for (const opener of all("[data-opens]")) opener.hidden = false;

  // ---- merging many: how many are chosen ---------------------------------------------------------------------------
  const bulk = document.querySelector("[data-bulk]");
  bulk?.addEventListener("change", () => {
    const boxes = all("[name=pair]", bulk);
    const count = boxes.filter((box) => box.checked).length;
    bulk.querySelector("[data-bulk-count]").textContent = `(${count} of ${boxes.length})`;
  });
  bulk?.addEventListener("submit", () => bulk.classList.add("is-busy"));
})();
