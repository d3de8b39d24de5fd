"use strict";
// What is known of a part of a drawing is told below it when the part is pointed at, tapped or reached by keyboard.
for (const figure of document.querySelectorAll("figure")) {
  const told = figure.querySelector(".told");
  if (!told) continue;
  for (const part of figure.querySelectorAll("g[tabindex]")) {
    const tell = () => { told.textContent = part.getAttribute("aria-label"); };
    for (const kind of ["focus", "mouseenter", "click"]) part.addEventListener(kind, tell);
  }
}
// A folded part that is printed must be seen.
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
