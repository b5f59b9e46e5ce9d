// What the staff pages need beyond htmx. Everything here is an extra: the pages work without it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ---- live regions: elements with data-live refresh themselves --------------------------------------------------
  // Not while nobody looks, and never over something that is being typed.
  const isBusy = (region) => Boolean(region.querySelector("[data-editing]")) || region.contains(typingIn());
  const typingIn = () => (document.activeElement?.matches("input, textarea, select") ? document.activeElement : null);
  const refreshesItself = (event) => event.detail.elt.hasAttribute?.("data-live") && event.detail.elt === event.detail.target;

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (refreshesItself(event) && (document.hidden || isBusy(event.detail.elt))) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    // A whole page instead of a fragment: the login ran out. Load it as a page.
    if (/^\s*<!doctype html/i.test(event.detail.xhr.responseText)) {
      event.detail.shouldSwap = false;
      location.reload();
    } else if (event.detail.requestConfig?.elt === event.detail.target && isBusy(event.detail.target)) {
      event.detail.shouldSwap = event.detail.shouldSwap && !event.detail.target.hasAttribute("data-live");
    }
  });

  // Addresses without the filters that aren't set.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    for (const [key, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(key);
    }
  });

  let announced = "";
  const announce = (text) => {
    if (text && text !== announced) document.getElementById("announcer").textContent = announced = text;
  };

  document.addEventListener("htmx:afterSettle", () => {
    showTimes();
    const field = document.querySelector("[data-editing] [autofocus]");
    if (field && !field.dataset.focused) {
      field.dataset.focused = "yes";
      field.focus();
      field.select?.();
    }
    const region = document.querySelector("[data-announce]");
    if (region) announce(region.dataset.announce);
  });

  // ---- facts and the words behind them ---------------------------------------------------------------------------
  const light = (element, isLit) => {
    const fields = (element.dataset.field || "").split(" ");
    for (const other of all("[data-field]")) {
      const isPartner = other !== element && other.dataset.field.split(" ").some((field) => fields.includes(field));
      if (isPartner) other.classList.toggle("is-lit", isLit);
    }
  };
  for (const [on, isLit] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
    document.addEventListener(on, (event) => {
      const element = event.target.closest?.("[data-field]");
      if (element) light(element, isLit);
    });
  }

  // ---- suggested values: j and k go from one to the next, a accepts and x refuses the one that has the focus ---------
  const suggested = () => all(".fact-suggestion");
  let answered = -1;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typingIn() || document.querySelector("dialog[open]")) return;
      const list = suggested();
      const place = list.indexOf(document.activeElement?.closest(".fact-suggestion"));
      if (list.length && (event.key === "j" || event.key === "k")) {
        list[Math.min(Math.max(place + (event.key === "j" ? 1 : -1), 0), list.length - 1)].focus();
      } else if (place >= 0 && (event.key === "a" || event.key === "x")) {
        answered = place;
        list[place].querySelector(`[data-answer="${event.key}"]`).click();
      } else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  document.addEventListener("htmx:afterSettle", (event) => {
    if (answered < 0 || event.detail.target.id !== "lead_facts") return;
    const list = suggested();
    list[Math.min(answered, list.length - 1)]?.focus();
    answered = -1;
  });

  // ---- small things ----------------------------------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest?.("[data-copy], [data-copy-from]");
    if (copy) await copyText(copy);
    if (event.target.closest?.("[data-theme-toggle]")) switchTheme();
    const mail = event.target.closest?.("[data-mail-to]");
    if (mail) openMail(mail);
    const toggle = event.target.closest?.("[data-menu-toggle]");
    if (toggle) setMenu(toggle.getAttribute("aria-expanded") !== "true");
    else if (!event.target.closest?.("#menu")) setMenu(false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    setMenu(false);
    document.querySelector("[data-editing] [data-cancel]")?.click();
  });

  // A note that was hidden stays hidden until the browser is closed.
  for (const note of all("[data-dismissable]")) {
    const key = `hidden-${note.dataset.dismissable}`;
    const button = note.querySelector("[data-dismiss]");
    try {
      note.hidden = sessionStorage.getItem(key) !== null;
      button.hidden = false;
    } catch {
      continue;
    }
    button.addEventListener("click", () => {
      sessionStorage.setItem(key, "yes");
      note.hidden = true;
    });
  }

  const setMenu = (isOpen) => {
    for (const toggle of all("[data-menu-toggle]")) toggle.setAttribute("aria-expanded", String(isOpen));
  };

  const copyText = async (button) => {
    const source = document.getElementById(button.dataset.copyFrom);
    const text = button.dataset.copy ?? source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text); // plain http on another machine: no clipboard API there
    }
    button.classList.add("is-copied");
    announce("Copied");
    setTimeout(() => {
      button.classList.remove("is-copied");
      announced = "";
    }, 1500);
  };

  // The link as the text is now, typed or not; then the page notes that the mail program was opened with it.
  const openMail = (link) => {
    const form = link.closest("form");
    const { subject, text } = form.elements;
    const address = `mailto:${encodeURIComponent(link.dataset.mailTo)}?subject=${encodeURIComponent(subject.value)}`;
    const whole = `${address}&body=${encodeURIComponent(text.value.replace(/\r?\n/g, "\r\n"))}`;
    if (whole.length > 1900) copyBySelection(text.value); // mail programs cut longer ones: it can be pasted
    link.href = whole.length > 1900 ? address : whole;
    setTimeout(() => form.querySelector("[data-mail-opened]").click(), 200);
  };

  const copyBySelection = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };

  const switchTheme = () => {
    const isDark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    try {
      localStorage.setItem("theme", isDark ? "light" : "dark");
    } catch {
      return;
    }
    document.dispatchEvent(new Event("theme-changed"));
  };
  for (const button of all("[data-theme-toggle]")) button.hidden = false;

  // ---- relative times --------------------------------------------------------------------------------------------
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const ago = (moment) => {
    const seconds = (new Date(moment) - Date.now()) / 1000;
    const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
    return unit ? relative.format(Math.trunc(seconds / unit[1]), unit[0]) : "just now";
  };
  const showTimes = () => {
    for (const time of all("time[data-ago]")) time.textContent = ago(time.dateTime);
  };
  setInterval(showTimes, 20000);
  showTimes();
})();
