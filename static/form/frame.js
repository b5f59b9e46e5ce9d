// In the framed form: tells the page around it how high it is, once that page has said hello and may show the form, and
// keeps how that page says its visitor came, until the form is sent.
(() => {
  const main = document.querySelector("main");
  const allowed = [location.origin, ...main.dataset.origins.split(" ")];
  let host = "";
  const tell = (message) => host && parent.postMessage(message, host);
  const height = () => tell({ t: "basecamp:height", height: main.getBoundingClientRect().height });
  addEventListener("message", (event) => {
    if (event.source !== parent || !allowed.includes(event.origin)) return;
    if (event.data?.t === "basecamp:touches") keep(event.data.touches);
    if (event.data?.t !== "basecamp:hello") return;
    host = event.origin;
    document.documentElement.classList.add("is-fitted");
    new ResizeObserver(height).observe(main);
    height();
    if (main.dataset.go) tell({ t: "basecamp:go", url: main.dataset.go });
  });

  function keep(touches) {
    const field = document.querySelector("input[name=attribution]");
    if (field && touches?.first) field.value = JSON.stringify(touches).slice(0, 16000);
  }
})();
