// The book as one page, before it is printed: a title page, the contents, nothing folded.
document.addEventListener("DOMContentLoaded", () => {
  document.body.dataset.theme = "light";

  const article = document.querySelector("article");
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  for (const folded of document.querySelectorAll("details")) {
    // A box that no page break can be in would leave half a page empty.
    const title = element("p", {className: "summary"}, ...folded.querySelector("summary").childNodes);
    folded.querySelector("summary").remove();
    folded.replaceWith(element("div", {className: folded.className}, title, ...folded.childNodes));
  }
  const text = heading => [...heading.childNodes]
    .filter(node => !node.classList?.contains("headerlink"))
    .map(node => node.textContent).join("").trim();

  // Of a chapter: its title, and the sections in it.
  const chapters = [...article.querySelectorAll("section > h1, section > h2")]
    .filter(heading => heading.closest("section").parentElement.closest("section") === null
      || heading.tagName === "H1" || heading.parentElement.parentElement.matches(".toctree-wrapper"));
  const list = element("ol", {});
  for (const heading of chapters) {
    const section = heading.closest("section");
    if (list.children.length) section.classList.add("new-page");
    const link = element("a", {href: `#${section.id}`}, text(heading));
    const item = element("li", {}, link);
    const level = `H${+heading.tagName[1] + 1}`;
    const parts = [...section.children].filter(child => child.tagName === "SECTION"
      && child.firstElementChild && child.querySelector(level));
    if (parts.length) item.append(element("ol", {}, ...parts.map(part =>
      element("li", {}, element("a", {href: `#${part.id}`}, text(part.querySelector(level)))))));
    list.append(item);
  }
  article.prepend(
    element("div", {className: "title-page"},
      element("p", {className: "title"}, "byhand"),
      element("p", {}, "A convolutional network for handwritten digits, written by hand in NumPy"),
      element("p", {}, `The book, version ${DOCUMENTATION_OPTIONS.VERSION}`)),
    element("div", {className: "contents-page"}, element("h2", {}, "Contents"), list),
  );
});
