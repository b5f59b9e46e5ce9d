// Starts the proof of work as soon as the widget is there; its worker is a file of ours, as the strict CSP wants it.
const widget = document.querySelector("altcha-widget");
const begin = () => widget.verify();
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(widget.dataset.worker));
if (typeof widget.verify === "function" && widget.getState) begin();
else widget.addEventListener("load", begin);
