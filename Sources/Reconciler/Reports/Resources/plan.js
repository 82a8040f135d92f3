"use strict";

// Lists the devices of the plan, and filters them.
(() => {
  const pageLength = 100;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("plan-data").textContent);
  const query = byId("query");
  const kind = byId("kind");
  const account = byId("account");
  const more = byId("more");

  const devices = data.rows.map((row) => {
    const [kindNumber, eid, iccid, accountNumber, now, desired, labels, reason = ""] = row;
    const device = {
      kind: data.texts[kindNumber],
      eid,
      iccid,
      account: data.texts[accountNumber],
      now: data.texts[now],
      desired: data.texts[desired],
      labels: data.labels[labels],
      reason,
    };
    // Each text between line ends, so that a search can ask for the whole of one.
    device.text = ["", device.kind, eid, iccid, device.account, device.now, device.desired, ...device.labels, reason, ""]
      .join("\n")
      .toLowerCase();
    return device;
  });

  let found = [];
  let shown = 0;
  let body;

  // Words, and whole texts in quotes.
  function wanted() {
    return Array.from(query.value.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g), (match) =>
      match[1] === undefined ? match[0] : "\n" + match[1] + "\n",
    );
  }

  function search() {
    const texts = wanted();
    found = devices.filter(
      (device) =>
        (kind.value === "" || device.kind === kind.value) &&
        (account.value === "" || device.account === account.value) &&
        texts.every((text) => device.text.includes(text)),
    );
    shown = 0;
    const table = element("table", { role: "table", class: "devices", "aria-labelledby": "devices" });
    table.append(head());
    body = element("tbody", { role: "rowgroup" });
    table.append(body);
    byId("list").replaceChildren(...(found.length > 0 ? [table] : []));
    showMore();
  }

  function showMore() {
    const next = found.slice(shown, shown + pageLength);
    body.append(...next.map(row));
    shown += next.length;
    const number = (count) => count.toLocaleString("en-US");
    const noun = found.length === 1 ? "device" : "devices";
    byId("count").textContent =
      found.length === 0 ? "No device matches." : `Showing ${number(shown)} of ${number(found.length)} ${noun}`;
    const rest = Math.min(pageLength, found.length - shown);
    more.hidden = rest === 0;
    more.textContent = `Show ${rest} more`;
  }

  function element(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  // The roles are said, because the style sheet of narrow screens takes them away.
  function head() {
    const cells = ["Action", "Device", "Now", "Account", "Labels"].map((name) =>
      element("th", { role: "columnheader", scope: "col" }, name),
    );
    return element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...cells));
  }

  function row(device) {
    const now = element("td", { role: "cell", class: "now" }, device.now);
    if (device.reason !== "") now.append(element("p", {}, device.reason));
    const key = element("td", { role: "cell", class: "key" }, element("code", {}, device.eid), " ");
    key.append(element("code", {}, device.iccid));
    return element(
      "tr",
      { role: "row" },
      element("td", { role: "cell", class: "kind" }, element("span", { class: "badge " + className(device) }, device.kind)),
      key,
      now,
      element("td", { role: "cell", class: "account" }, device.account),
      element("td", { role: "cell", class: "labels" }, ...device.labels.flatMap((label) => [element("span", {}, label), " "])),
    );
  }

  function className(device) {
    return device.reason === "" ? device.kind : "exception";
  }

  function fill(select, texts) {
    for (const text of new Set(texts)) select.append(element("option", { value: text }, text));
    select.parentElement.hidden = select.options.length < 3;
  }

  fill(kind, devices.map((device) => device.kind));
  fill(account, devices.map((device) => device.account).sort());
  byId("search").hidden = false;
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", search);
  kind.addEventListener("change", search);
  account.addEventListener("change", search);
  more.addEventListener("click", showMore);
  for (const button of document.querySelectorAll("[data-search]")) {
    button.addEventListener("click", () => {
      const text = button.dataset.search;
      query.value = text.includes('"') ? text : `"${text}"`;
      kind.value = "";
      account.value = "";
      search();
      byId("devices").scrollIntoView();
      query.focus({ preventScroll: true });
    });
  }
  search();
})();
