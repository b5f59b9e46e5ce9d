// Loaded before the page is painted: the chosen theme, else the system's.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      const theme = localStorage.getItem("theme"); // the administration keeps its own choice there: "auto" is one
      return ["light", "dark"].includes(theme) ? theme : null;
    } catch {
      return null; // storage may be forbidden
    }
  };
  const show = () => {
    const theme = chosen() || (dark.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
  };
  dark.addEventListener("change", show);
  document.addEventListener("theme-changed", show);
  show();
  document.documentElement.classList.add("has-js");
})();
