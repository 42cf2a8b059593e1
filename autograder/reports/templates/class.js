// Sorts tables by a click on a heading, and filters the list of students.
// Without it the page is complete; the buttons are made here, so none is dead.
(() => {
  const value = (row, column, place) => {
    const cell = row.cells[column];
    if (place !== undefined) return cell.textContent[place] ?? "";
    return cell.dataset.v ?? cell.textContent.trim();
  };
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  function sort(head, column, place) {
    const table = head.closest("table"), body = table.tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = [...body.rows].map(row => [value(row, column, place), row]);
    const numbers = keyed.every(([key]) => key === "" || !isNaN(key));
    // What has no value stays below, whichever way the others go.
    keyed.sort(([a], [b]) => (a === "") - (b === "")
      || (numbers ? a - b : compare(a, b)) * (down ? -1 : 1));
    body.append(...keyed.map(([, row]) => row));
  }

  function button(head, content, column, place) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(...content.childNodes);
    content.append(made);
    made.addEventListener("click", () => sort(head, column, place));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      const places = head.querySelectorAll(".place");
      places.forEach((one, place) => button(one, one, head.cellIndex, place));
      if (!places.length && head.textContent.trim()) button(head, head, head.cellIndex);
    }
  }

  const box = document.querySelector("#filter");
  if (!box) return;
  const bare = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const rows = [...document.querySelector("#students-table").tBodies[0].rows];
  const texts = rows.map(row => bare([...row.cells].slice(0, 5).map(c => c.textContent).join(" ")));
  const count = document.querySelector("#filter-count");
  document.querySelector("#filter-box").hidden = false;
  box.addEventListener("input", () => {
    const words = bare(box.value).split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every(word => texts[i].includes(word));
      left += !row.hidden;
    });
    count.textContent = words.length ? `${left} of ${rows.length}` : "";
  });
})();
