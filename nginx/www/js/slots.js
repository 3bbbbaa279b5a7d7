/*
 * slots.js -- free times stay true while one looks at them.
 * Asks for the same page again, when the tab comes back and every half minute, and compares the times in [data-slots]:
 * what went is struck out where it stands, what came free appears. A chosen one stays chosen unless it went.
 * Never: decides what is free. Choosing a time that is gone is answered by the server, with others near it.
 *
 *   <div data-slots> … <button class="slot" name="slot" value="…">9:30 am</button> … </div>   or, to choose first and send later,
 *     … <label class="slot"><input type="radio" name="slot" value="…"><span>9:30 am</span></label> …
 */
const EVERY = 30000;
const here = document.querySelector('[data-slots]');
let last = Date.now();

if (here) {
  setInterval(() => { if (document.visibilityState === 'visible') refresh(); }, EVERY);
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - last > EVERY / 3) refresh();
  });
}

// As a document, not as text: nothing is parsed from a string, so Trusted Types have nothing to object to.
function fetchPage() {
  return new Promise((resolve) => {
    const ask = new XMLHttpRequest();
    ask.open('GET', location.href);
    ask.responseType = 'document';
    ask.timeout = 10000;
    ask.onload = () => resolve(ask.status === 200 ? ask.responseXML : null);
    ask.onerror = ask.ontimeout = () => resolve(null);
    ask.send();
  });
}

async function refresh() {
  last = Date.now();
  const there = (await fetchPage())?.querySelector('[data-slots]');
  if (!there) return;
  const times = (root) => new Map(Array.from(root.querySelectorAll('input[type=radio], button.slot'), (input) => [input.value, input]));
  const now = times(here);
  const free = times(there);
  for (const [value, input] of now) {
    const gone = !free.has(value) || free.get(value).disabled;
    input.disabled = gone;
    if (gone) input.checked = false;
  }
  for (const [value, input] of free) if (!now.has(value)) insert(input, free, now);
}

// What stands in the grid for a time: the button itself, or the label around a radio button.
function place(input) {
  return input.closest('label') ?? input;
}

// A time that came free goes in before the next one of the new page that is here as well, else at the end of its group.
function insert(input, free, now) {
  const order = [...free.keys()];
  const next = order.slice(order.indexOf(input.value) + 1).find((value) => now.has(value));
  const added = document.importNode(place(input), true);
  if (next) place(now.get(next)).before(added);
  else [...here.querySelectorAll('.slot-grid')].at(-1)?.append(added);
  now.set(input.value, added.querySelector('input') ?? added);
}
