/* calendar.js -- keys, print, what colleagues change; calendar_grid.js once it is needed. Told in templates/calendar/_assets.mustache. */
document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.('input, select, textarea, dialog')) return;
  if (event.key.startsWith('Arrow') && event.target.closest?.('.day-scroll, .week-scroll')) return;
  if (event.key === '/') {
    const search = document.querySelector('main [type=search], [type=search]');
    if (search) { event.preventDefault(); search.focus(); }
    return;
  }
  const link = [...document.querySelectorAll('[data-key]')].find((each) => each.dataset.key === event.key);
  if (link) { event.preventDefault(); link.click(); }
});

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

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

function nameOf(element) {
  if (!element?.closest?.('[data-swap]')) return null;
  const href = element.getAttribute('href');
  if (href) return `[data-swap] a[href="${CSS.escape(href)}"]`;
  return element.value ? `[data-swap] button[value="${CSS.escape(element.value)}"]` : null;
}

const grid = document.querySelector('[data-grid]');
if (grid) {
  let down = null;
  let asked = null;
  const load = () => { asked ??= import(grid.dataset.grid).then((it) => { if (down) it.press(down); }); };
  const isWide = matchMedia('(min-width: 48rem)').matches;
  for (const type of isWide ? ['focusin', 'pointerover', 'pointerdown', 'pointerup', 'pointercancel'] : ['focusin']) {
    document.addEventListener(type, (event) => {
      if (type.startsWith('pointer') && type !== 'pointerover') down = type === 'pointerdown' ? event : null;
      if (event.target.closest?.('[data-calendar]')) load();
    }, { passive: true });
  }
  if (isWide) setTimeout(load, 55000); // the line of now
}
