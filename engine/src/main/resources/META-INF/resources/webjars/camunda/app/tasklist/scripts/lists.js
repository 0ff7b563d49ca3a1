/*
 * What Tasklist 7.24 lacks (docs/decisions/tasklist.md): the number of tasks in lists that aren't open, a search by name,
 * and a mark on emergencies. Tasklist draws its lists anew at any time, so what is added is checked every second.
 */
const DRAWN_EVERY_MS = 1000;
const COUNTED_EVERY_MS = 30000;
const CARD_NAMES = ["card_patient", "card_contact"];
const FILTERS = `${document.querySelector("base").getAttribute("engine-api")}engine/default/filter`;

let counts = new Map();
let countedAt = 0;

/** Counts the tasks of all lists that the user may read. */
async function countTasks() {
  countedAt = Date.now();
  const response = await fetch(`${FILTERS}?resourceType=Task&itemCount=true`);
  if (response.ok) {
    counts = new Map((await response.json()).map((filter) => [filter.name, filter.itemCount]));
  }
}

function showCounts() {
  for (const link of document.querySelectorAll(".task-filter h4 a")) {
    const count = counts.get(link.firstChild.textContent.trim());
    if (count === undefined) {
      delete link.dataset.count;
    } else {
      link.dataset.count = count;
    }
  }
}

/** Marks the cards whose fact "Now" (Fact.java) is an emergency. */
function markEmergencies() {
  for (const card of document.querySelectorAll(".tasks-list li.task")) {
    card.classList.toggle("emergency", card.textContent.includes("EMERGENCY:"));
  }
}

/** Shows the tasks of the open list whose patient or contact has this text in the name; all of them for an empty one. */
function search(text) {
  const parameters = new URLSearchParams(location.hash.replace(/^#\/\??/, ""));
  ["searchOrQuery", "task", "page"].forEach((name) => parameters.delete(name));
  // the engine compares exactly: as typed, and as names are written
  const spellings = new Set([text, text.toLowerCase().replace(/(^|[\s'-])\p{L}/gu, (start) => start.toUpperCase())]);
  const terms = CARD_NAMES.flatMap((name) =>
    [...spellings].map((spelling) => ({ type: "taskVariables", operator: "like", value: `%${spelling}%`, name })),
  );
  // Tasklist keeps its search if the parameter is missing
  parameters.set("searchQuery", JSON.stringify(text ? terms : []));
  if (text) {
    parameters.set("searchOrQuery", "");
  }
  location.hash = `#/?${parameters}`;
}

function showSearch() {
  const vendors = document.querySelector(".tasks-list [cam-widget-search]");
  if (!vendors || document.getElementById("find-person")) {
    return;
  }
  const form = document.createElement("form");
  form.className = "find-person";
  form.innerHTML =
    '<label for="find-person">Find by name</label><input id="find-person" type="search" class="form-control" autocomplete="off">' +
    '<button class="btn btn-default">Find</button>';
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search(document.getElementById("find-person").value.trim());
  });
  vendors.before(form);
}

addEventListener("hashchange", () => {
  countedAt = 0;
});
setInterval(() => {
  // there are no lists before the sign-in
  if (document.querySelector(".task-filter")) {
    showCounts();
    showSearch();
    markEmergencies();
    if (Date.now() - countedAt > COUNTED_EVERY_MS) {
      countTasks();
    }
  }
}, DRAWN_EVERY_MS);
