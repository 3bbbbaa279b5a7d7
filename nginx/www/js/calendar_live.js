/*
 * calendar_live.js -- what colleagues change appears by itself. Asks for a bare number every some seconds; when it is another one,
 * the same page is asked for and what stands in [data-swap] is put in its place; where one was, and what is open, stays.
 * Both are asked quietly: they are no sign of the person, so the session ends as if the page had been left alone. Nothing is
 * asked in a tab that is not seen, nor after the session is over.
 *
 *   <section data-live="/calendar/changes.txt?location=…&from=…&to=…" [data-every="60": the page again after so many seconds in any case]>
 *     <div data-swap> … </div>
 *   <div data-swap> … </div>     anywhere in the page; matched by their order
 *   'calendar:swapped' on the document once it has happened; a page with [data-moving] is not touched.
 */
const EVERY = 10000;
const live = document.querySelector('[data-live]');
let known = null;
let drawn = Date.now();
let timer = 0;
let running = false;

if (live) {
  look();
  addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') look(); });
}

// Quietly. What stands in data-live is an address of this house.
function ask(address, type) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    request.responseType = type;
    request.timeout = 10000;
    request.setRequestHeader('X-Foyer-Quiet', '1');
    request.onload = () => resolve(request);
    request.onerror = request.ontimeout = () => resolve(null);
    request.send();
  });
}

async function look() {
  clearTimeout(timer);
  if (running || document.visibilityState !== 'visible') return;
  running = true;
  const reply = await ask(live.dataset.live + (known ? `&since=${encodeURIComponent(known)}` : ''), 'text');
  const isOld = live.dataset.every && Date.now() - drawn > Number(live.dataset.every) * 1000;
  let goesOn = !reply || reply.status < 400 || reply.status >= 500;
  if (reply?.status === 200 || (reply?.status === 204 && isOld)) {
    const isFirst = known === null;
    const number = reply.status === 200 ? reply.responseText : known;
    if (isFirst && !isOld) known = number;
    else goesOn = await redraw(number);
  }
  running = false;
  // A session that is over is asked nothing more; the page looks again when one comes back to it.
  if (goesOn) timer = setTimeout(look, EVERY);
}

async function redraw(number) {
  if (document.querySelector('[data-moving]')) return true;
  const reply = await ask(location.href, 'document');
  if (!reply) return true;
  if (reply.status !== 200 || !reply.responseXML?.querySelector('[data-live]')) return false;
  const there = reply.responseXML.querySelectorAll('[data-swap]');
  const here = document.querySelectorAll('[data-swap]');
  if (there.length !== here.length) { location.reload(); return false; }
  const at = document.activeElement;
  const back = nameOf(at);
  const scrolled = [...document.querySelectorAll('.day-scroll, .week-scroll')].map((each) => [each.scrollLeft, each.scrollTop]);
  here.forEach((part, i) => { part.replaceChildren(...document.importNode(there[i], true).childNodes); });
  document.querySelectorAll('.day-scroll, .week-scroll').forEach((each, i) => { if (scrolled[i]) [each.scrollLeft, each.scrollTop] = scrolled[i]; });
  if (back && !document.contains(at)) document.querySelector(back)?.focus({ preventScroll: true });
  known = number;
  drawn = Date.now();
  document.dispatchEvent(new CustomEvent('calendar:swapped'));
  return true;
}

// The same link or button, in the page that comes.
function nameOf(element) {
  if (!element?.closest?.('[data-swap]')) return null;
  const href = element.getAttribute('href');
  if (href) return `[data-swap] a[href="${CSS.escape(href)}"]`;
  return element.value ? `[data-swap] button[value="${CSS.escape(element.value)}"]` : null;
}
