/* The interactive convolution: which output pixel, which kernel; window, products and sum.
 *
 * The page holds the numbers, made by the real layer from a real digit. This script draws them. The
 * controls are a browser's own, so the arrow keys move the window. */

(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

  const element = (parent, name, attributes = {}, text = "") => {
    const made = parent.namespaceURI === SVG || name === "svg"
      ? document.createElementNS(SVG, name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };

  // Tenths, as the image has them; no minus zero, and a real minus.
  const tenths = (value) => Math.round(10 * value) / 10 + 0;
  const written = (value) => String(tenths(value)).replace("-", "\u2212");

  const grid = (parent, rows, columns, size, left, top) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) =>
      element(parent, "rect", {
        class: "convolution-cell empty",
        x: left + size * j, y: top + size * i, width: size, height: size,
      })));

  const numbers = (parent, rows, columns, size, left, top) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) =>
      element(parent, "text", {
        x: left + size * (j + 0.5), y: top + size * (i + 0.5), "font-size": 12,
      })));

  const paint = (cell, kind, opacity) => {
    cell.setAttribute("class", `convolution-cell ${opacity ? kind : "empty"}`);
    cell.setAttribute("fill-opacity", opacity);
  };

  const signed = (value) => (value > 0 ? "positive" : "negative");

  const start = (box) => {
    const data = JSON.parse(box.querySelector("script").textContent);
    const { image } = data;
    const [height, width] = [image.length, image[0].length];
    const [k1, k2] = [data.kernels[0].weight.length, data.kernels[0].weight[0].length];
    const [o1, o2] = [height - k1 + 1, width - k2 + 1];
    let [i, j] = data.place;
    let chosen = 0;

    const live = element(box, "div", { class: "convolution-live" });

    // What is chosen.
    const controls = element(live, "div", { class: "convolution-controls" });
    const slider = (name, most, value) => {
      const label = element(controls, "label", {}, `${name} `);
      const shown = element(label, "b");
      const input = element(label, "input", { type: "range", min: 0, max: most, step: 1 });
      input.value = value;
      return { input, shown };
    };
    const row = slider("row i =", o1 - 1, i);
    const column = slider("column j =", o2 - 1, j);
    const label = element(controls, "label", {}, "kernel");
    const select = element(label, "select");
    data.kernels.forEach((kernel, n) => element(select, "option", { value: n }, kernel.name));

    // Image and output, to one scale.
    const cell = 20;
    const gap = 2 * cell;
    const top = 22;
    const right = width * cell + gap;
    const views = element(live, "svg", {
      viewBox: `0 0 ${right + o2 * cell} ${top + height * cell + 4}`, role: "img",
      "aria-label": `The image, ${height} by ${width} pixels, with the window on it; `
        + `the output, ${o1} by ${o2} pixels, with one pixel marked.`,
    });
    views.classList.add("convolution-views");
    element(views, "text", { x: width * cell / 2, y: 8, "font-size": 13 },
      `image, ${height} × ${width}`);
    element(views, "text", { x: right + o2 * cell / 2, y: 8, "font-size": 13 },
      `output, ${o1} × ${o2}`);
    grid(views, height, width, cell, 0, top).forEach((cells, p) => cells.forEach((one, q) =>
      paint(one, "grey", image[p][q])));
    const outputs = element(views, "g", { class: "convolution-output" });
    const outTop = top + cell; // the centre of the window lies opposite
    const outputCells = grid(outputs, o1, o2, cell, right, outTop);
    outputCells.forEach((cells, p) => cells.forEach((one, q) =>
      one.addEventListener("click", () => { [i, j] = [p, q]; show(); })));
    const onImage = element(views, "rect", {
      class: "convolution-frame", width: k2 * cell, height: k1 * cell,
    });
    const onOutput = element(views, "rect", {
      class: "convolution-frame", width: cell, height: cell,
    });

    // Window · kernel = products, and their sum.
    const box3 = 32;
    const [a, b, c] = [0, 1, 2].map((n) => n * (k2 * box3 + 22));
    const end = c + k2 * box3;
    const deep = k1 * box3;
    const sums = element(live, "svg", {
      viewBox: `-2 0 ${end + 84} ${top + deep + 6}`, role: "img",
      "aria-label": "The grey values in the window times the kernel are the products; "
        + "their sum is the output pixel.",
    });
    sums.style.marginTop = "0.75rem";
    const middle = top + deep / 2;
    for (const [x, text] of [[a, "grey values"], [b, "kernel"], [c, "products"]]) {
      element(sums, "text", { x: x + k2 * box3 / 2, y: 8, "font-size": 12 }, text);
    }
    for (const [x, text] of [[b - 11, "·"], [c - 11, "="], [end + 18, "sum"]]) {
      element(sums, "text", { x, y: middle, "font-size": x > end ? 12 : 15 }, text);
    }
    const cells = [a, b, c].map((x) => grid(sums, k1, k2, box3, x, top));
    const texts = [a, b, c].map((x) => numbers(sums, k1, k2, box3, x, top));
    element(sums, "rect", {
      class: "convolution-frame", x: end + 36, y: middle - 16, width: 42, height: 32,
    });
    const total = element(sums, "text", { x: end + 57, y: middle, "font-size": 13 });

    element(live, "p", { class: "convolution-hint" },
      "The sliders choose the output pixel, by mouse or arrow keys; the menu chooses the kernel. "
        + "Orange is positive, blue is negative. The bias is 0.");
    const spoken = element(live, "p", { class: "convolution-spoken" });
    let speaking = 0;

    const show = (delay = 500) => {
      const { weight, output, name } = data.kernels[chosen];
      const most = Math.max(...output.flat().map(Math.abs));
      row.input.value = i;
      column.input.value = j;
      row.shown.textContent = i;
      column.shown.textContent = j;
      outputCells.forEach((line, p) => line.forEach((one, q) =>
        paint(one, signed(output[p][q]), Math.abs(output[p][q]) / most)));
      onImage.setAttribute("x", j * cell);
      onImage.setAttribute("y", top + i * cell);
      onOutput.setAttribute("x", right + j * cell);
      onOutput.setAttribute("y", outTop + i * cell);
      for (let p = 0; p < k1; p += 1) {
        for (let q = 0; q < k2; q += 1) {
          const value = image[i + p][j + q];
          const product = value * weight[p][q];
          texts[0][p][q].textContent = written(value);
          texts[1][p][q].textContent = written(weight[p][q]);
          texts[2][p][q].textContent = written(product);
          paint(cells[0][p][q], "grey", 0.3 * value);
          paint(cells[2][p][q], signed(product), 0.35 * Math.min(1, Math.abs(product)));
        }
      }
      total.textContent = written(output[i][j]);
      // Spoken when the window has come to rest, not at each step.
      const say = () => {
        const lines = texts[0].map((line, p) => line.map((one, q) =>
          `${one.textContent} times ${texts[1][p][q].textContent}`).join(", "));
        spoken.textContent = `Kernel: ${name}. Output row ${i}, column ${j}. ${lines.join("; ")}. `
          + `Sum: ${total.textContent}.`;
      };
      clearTimeout(speaking);
      if (delay) speaking = setTimeout(say, delay);
      else say();
    };

    row.input.addEventListener("input", () => { i = Number(row.input.value); show(); });
    column.input.addEventListener("input", () => { j = Number(column.input.value); show(); });
    select.addEventListener("change", () => { chosen = Number(select.value); show(); });
    show(0);
    spoken.setAttribute("aria-live", "polite"); // from now on: what is there at first is no news
    box.classList.add("interactive-ready");
  };

  document.querySelectorAll(".interactive-convolution").forEach(start);
})();
