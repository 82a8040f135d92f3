"use strict";

// Keeps a page as the server has it. The server tells of changes (server-sent events); the page then fetches itself
// again, and what differs is changed in place, so that the focus, what was typed and what was opened stay.
(() => {
  const main = document.getElementById("main");
  const lamp = document.getElementById("lamp");
  const announcement = document.getElementById("announcement");
  if (!main || !lamp || !window.EventSource) return;

  const moreThanThis = 25_000; // milliseconds after which "3 min ago" is to be written anew
  const leastBetweenAnnouncements = 15_000;
  let source = null;
  let isFetching = false;
  let isStale = false;
  let fetchedAt = Date.now();
  let announcedAt = Date.now();
  let announced = main.dataset.summary;

  function show(state, words) {
    lamp.dataset.state = state;
    lamp.lastElementChild.textContent = words;
  }

  // A button must not turn into another one under somebody's finger: elements with different keys are exchanged.
  function isSame(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return false;
    if (old.nodeType !== Node.ELEMENT_NODE) return true;
    return old.id === fresh.id && old.getAttribute("data-key") === fresh.getAttribute("data-key");
  }

  function change(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    changeChildren(old, fresh);
  }

  function changeChildren(old, fresh) {
    let child = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      if (!child) {
        old.append(wanted);
        continue;
      }
      // What was there before and comes later in the page is kept: something was taken out in front of it.
      let found = child;
      while (found && !isSame(found, wanted)) found = found.nextSibling;
      const isKeyed = wanted.nodeType === Node.ELEMENT_NODE && (wanted.id || wanted.hasAttribute("data-key"));
      if (found && (found === child || isKeyed)) {
        while (child !== found) {
          const next = child.nextSibling;
          child.remove();
          child = next;
        }
        change(child, wanted);
        child = child.nextSibling;
      } else {
        old.insertBefore(wanted, child);
      }
    }
    while (child) {
      const next = child.nextSibling;
      child.remove();
      child = next;
    }
  }

  function announce() {
    const summary = main.dataset.summary;
    if (summary === announced || Date.now() - announcedAt < leastBetweenAnnouncements) return;
    announced = summary;
    announcedAt = Date.now();
    announcement.textContent = summary;
  }

  async function refresh() {
    if (isFetching) {
      isStale = true;
      return;
    }
    isFetching = true;
    try {
      do {
        isStale = false;
        const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
        // Signed out: the server sends to the page that asks for the token.
        if (answer.type === "opaqueredirect") return location.reload();
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const wanted = fresh.getElementById("main");
        if (!wanted) return;
        change(main, wanted);
        fetchedAt = Date.now();
        announce();
      } while (isStale);
    } catch {
      show("off", "not live");
    } finally {
      isFetching = false;
    }
  }

  function listen() {
    if (source || document.hidden) return;
    source = new EventSource("/events");
    source.onopen = () => show("on", "live");
    source.addEventListener("changed", refresh);
    source.addEventListener("beat", () => {
      if (Date.now() - fetchedAt > moreThanThis) refresh();
    });
    source.onerror = () => {
      show("off", "not live");
      // The browser tries again by itself unless it was turned away.
      if (source && source.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(listen, 10_000);
      }
    };
  }

  // A page that nobody sees needs no connection: browsers have few of them for each server.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return listen();
    if (source) source.close();
    source = null;
  });
  // Afterwards: a connection that stays open would keep the page from being loaded.
  window.addEventListener("load", () => setTimeout(listen, 0));
})();
