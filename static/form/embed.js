// Shows a baseCamp form in a page: <script src="https://…/embed.js" data-form="KEY" async></script>
// Without data-form it only notes how the visitor came, for a form on another page of the site.
// No cookies, and it asks nobody but the server it came from.
(function (d, w) {
  "use strict";
  var script = d.currentScript || d.querySelector("script[data-form][src$='/embed.js']:not([data-on])");
  if (script && script.dataset.on) return;
  var base = script ? new URL(script.src).origin : "";

  // ---- how the visitor came: the first and the last touch of this tab's visit ----
  var NAME = "basecamp:touches";
  var KEYS = "utm_source utm_medium utm_campaign utm_term utm_content utm_id gclid fbclid msclkid".split(" ");
  // Once for each page, however many forms it has, and whatever a script makes of its address later.
  var touches = w.basecampTouches = w.basecampTouches || look();

  function look() {
    var known = {};
    // In a frame of a website builder neither this address nor the referrer is the visitor's.
    if (w.top !== w) return known;
    try { known = JSON.parse(w.sessionStorage.getItem(NAME)) || {}; } catch (error) { /* kept for this page alone */ }
    var touch = arrival(!known.first);
    if (!known.first) known = { first: touch, last: touch };
    else if (isNew(touch, known.last)) known.last = touch;
    try { w.sessionStorage.setItem(NAME, JSON.stringify(known)); } catch (error) { /* blocked, or full */ }
    return known;
  }

  function arrival(isFirst) {
    var touch = params(w.location);
    var from = d.createElement("a");
    from.href = d.referrer;
    if (d.referrer && from.origin === w.location.origin && !isNew(touch)) {
      // A new tab, or the page before had no time: its address may tell. What went before that, nobody knows here.
      touch = isFirst ? params(from) : {};
      if (isNew(touch)) touch.landing_page = address(from);
      return touch;
    }
    if (/^https?:/.test(d.referrer) && from.origin !== w.location.origin && from.origin !== base) {
      touch.referrer = (from.origin + from.pathname).slice(0, 255);
    }
    touch.landing_page = address(w.location);
    return touch;
  }

  function params(place) {
    var query = new URLSearchParams(place.search);
    var found = {};
    KEYS.forEach(function (key) {
      if (query.get(key)) found[key] = query.get(key).slice(0, 255);
    });
    return found;
  }

  // Without fragment, and of the query only the keys above: the rest may be about the person.
  function address(place) {
    var page = place.origin + place.pathname;
    var query = new URLSearchParams(params(place)).toString();
    var whole = query ? page + "?" + query : page;
    return whole.length > 255 ? page.slice(0, 255) : whole;
  }

  // Going on within the site is no touch, nor is going back or loading the page again.
  function isNew(touch, last) {
    var way = w.performance && w.performance.getEntriesByType("navigation")[0];
    if (last && way && /reload|back/.test(way.type)) return false;
    var told = KEYS.concat("referrer");
    return told.some(function (key) { return touch[key]; }) &&
      (!last || told.some(function (key) { return touch[key] !== last[key]; }));
  }

  function told() {
    return touches.first ? { first: touches.first, last: touches.last, form_page: address(w.location) } : {};
  }

  // ---- the form ----
  if (!script || !script.dataset.form) return;
  script.dataset.on = "1";
  var page = base + "/f/" + encodeURIComponent(script.dataset.form) + "/";
  var title = script.dataset.title || "Contact form";

  var frame = d.createElement("iframe");
  frame.src = page + "embed/";
  frame.title = title;
  frame.loading = "lazy";
  frame.style.cssText = "display:block;width:100%;height:480px;border:0";
  if (script.parentNode === d.head) {
    d.addEventListener("DOMContentLoaded", function () { show(d.body, null); });
  } else {
    show(script.parentNode, script);
  }

  // As light or dark as the place it stands in, whichever of the two the visitor's system is.
  function show(place, before) {
    frame.style.colorScheme = isDark(place) ? "dark" : "light";
    place.insertBefore(frame, before);
  }

  function isDark(place) {
    for (; place && place.nodeType === 1; place = place.parentNode) {
      var colour = w.getComputedStyle(place).backgroundColor;
      var parts = /^rgb/.test(colour) ? colour.match(/[\d.]+/g) : [0, 0, 0, 0];
      if (parts.length < 4 || parts[3] > 0.5) return 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2] < 128;
    }
    return /dark/.test(w.getComputedStyle(d.documentElement).colorScheme) &&
      w.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  var answered = 0;
  var loads = 0;
  frame.addEventListener("load", function () {
    loads += 1;
    frame.contentWindow.postMessage({ t: "basecamp:hello" }, base);
    frame.contentWindow.postMessage({ t: "basecamp:touches", touches: told() }, base);
    // The next page of the form begins at its top, not where the last one ended.
    if (loads > 1 && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    // This site isn't among those that may show the form, or the server is away: a link is left.
    setTimeout(function () { if (!answered) giveUp(); }, 3000);
  });

  function giveUp() {
    var link = d.createElement("a");
    var query = touches.first ? "?attribution=" + encodeURIComponent(JSON.stringify(told())) : "";
    link.href = page + (query.length < 3000 ? query : "");
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
