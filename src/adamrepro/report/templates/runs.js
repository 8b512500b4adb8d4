"use strict";
// The table of runs: filtered by words and lists, sorted by its headings.
(() => {
  const { columns, filters, rows } = JSON.parse(document.getElementById("data").textContent).runs;
  const AT_ONCE = 100;
  const controls = document.getElementById("runs-controls");
  const words = document.getElementById("runs-words");
  const table = document.getElementById("runs-table");
  const more = document.getElementById("runs-more");
  const order = { column: -1, descending: false };
  let all = false;

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text; // never markup: the text is a table's
    return made;
  };

  const lists = filters.map((name) => {
    const label = element("label", `${name} `);
    const list = document.createElement("select");
    const place = columns.indexOf(name);
    list.append(new Option("any", ""));
    [...new Set(rows.map((row) => row[place]))].forEach((value) => list.append(new Option(value || "(none)", `=${value}`)));
    label.append(list);
    document.getElementById("runs-lists").append(label);
    return { list, place };
  });

  const heads = columns.map((name, place) => {
    const head = element("th", "");
    head.scope = "col";
    head.setAttribute("aria-sort", "none");
    const button = element("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      order.descending = order.column === place && !order.descending;
      order.column = place;
      show();
    });
    head.append(button);
    table.tHead.rows[0].append(head);
    return head;
  });

  // Numbers as numbers, before words; blank cells last.
  function compare(a, b) {
    if (a === b) return 0;
    if (a === "" || b === "") return a === "" ? 1 : -1;
    const [x, y] = [Number(a), Number(b)];
    const [isX, isY] = [!Number.isNaN(x), !Number.isNaN(y)];
    if (isX && isY) return (x - y) * (order.descending ? -1 : 1);
    if (isX !== isY) return isX ? -1 : 1;
    return a.localeCompare(b) * (order.descending ? -1 : 1);
  }

  function chosen() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => {
      const text = row.join(" ").toLowerCase();
      return asked.every((word) => text.includes(word)) && lists.every(({ list, place }) => !list.value || list.value === `=${row[place]}`);
    });
    return order.column < 0 ? found : found.sort((a, b) => compare(a[order.column], b[order.column]));
  }

  function show() {
    const found = chosen();
    const shown = all ? found : found.slice(0, AT_ONCE);
    heads.forEach((head, place) => {
      const way = order.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", place === order.column ? way : "none");
    });
    table.tBodies[0].replaceChildren(
      ...shown.map((row) => {
        const line = document.createElement("tr");
        line.append(...row.map((cell) => element("td", cell)));
        return line;
      }),
    );
    document.getElementById("runs-count").textContent = `${found.length} of ${rows.length} runs, ${shown.length} shown`;
    more.hidden = shown.length === found.length;
    more.textContent = `Show all ${found.length}`;
  }

  words.addEventListener("input", show);
  lists.forEach(({ list }) => list.addEventListener("change", show));
  controls.addEventListener("reset", () => setTimeout(() => { all = false; show(); }));
  more.addEventListener("click", () => { all = true; show(); });
  show();
})();
