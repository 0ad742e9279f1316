"use strict";
(() => {
  const table = document.querySelector("table.sortable");
  if (table) {
    const body = table.tBodies[0];
    table.querySelectorAll("th button").forEach((button) => {
      button.addEventListener("click", () => {
        const th = button.closest("th");
        const index = [...th.parentNode.children].indexOf(th);
        const down = th.getAttribute("aria-sort") !== "descending";
        table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
        th.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.children[index].dataset.sort ?? row.children[index].textContent;
        const number = th.classList.contains("num");
        const rows = [...body.rows].sort((a, b) => {
          const x = key(a), y = key(b);
          return number ? Number(y) - Number(x) : y.localeCompare(x);
        });
        if (!down) rows.reverse();
        body.append(...rows);
      });
    });
  }
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  document.querySelectorAll("a[href^='#']").forEach((a) => a.addEventListener("click", () => setTimeout(open)));
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));
})();
