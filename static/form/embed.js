// Shows a baseCamp form in a page: <script src="https://…/embed.js" data-form="KEY" async></script>
// No cookies, and it asks nobody but the server it came from.
(function (d, w) {
  "use strict";
  var script = d.currentScript || d.querySelector("script[data-form][src$='/embed.js']:not([data-on])");
  if (!script || !script.dataset.form || script.dataset.on) return;
  script.dataset.on = "1";
  var base = new URL(script.src).origin;
  var page = base + "/f/" + encodeURIComponent(script.dataset.form) + "/";
  var title = script.dataset.title || "Contact form";

  var frame = d.createElement("iframe");
  frame.src = page + "embed/";
  frame.title = title;
  frame.loading = "lazy";
  frame.style.cssText = "display:block;width:100%;height:480px;border:0";
  if (script.parentNode === d.head) {
    d.addEventListener("DOMContentLoaded", function () { d.body.appendChild(frame); });
  } else {
    script.parentNode.insertBefore(frame, script);
  }

  var answered = 0;
  var loads = 0;
  frame.addEventListener("load", function () {
    loads += 1;
    frame.contentWindow.postMessage({ t: "basecamp:hello" }, base);
    // The next page of the form begins at its top, not where the last one ended.
    if (loads > 1 && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    // This site isn't among those that may show the form, or the server is away: a link is left.
    setTimeout(function () { if (!answered) giveUp(); }, 3000);
  });

  function giveUp() {
    var link = d.createElement("a");
    link.href = page;
    link.textContent = title;
    if (frame.parentNode) frame.parentNode.replaceChild(link, frame);
  }

  w.addEventListener("message", function (event) {
    if (event.origin !== base || event.source !== frame.contentWindow || !event.data) return;
    if (event.data.t === "basecamp:height" && event.data.height > 0) {
      answered = 1;
      frame.style.height = Math.min(Math.max(Math.ceil(event.data.height), 50), 20000) + "px";
    } else if (event.data.t === "basecamp:go" && /^https?:/.test(event.data.url)) {
      w.location.href = event.data.url;
    }
  });
})(document, window);
