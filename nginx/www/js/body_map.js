/*
 * body_map.js -- points are put on the drawing and moved by a click, a drag, or the arrow keys; the forms work without it.
 * Adds: a mark that says where the form's numbers lie, and the points of this treatment as things that can be taken hold of.
 * Never: sends anything; the forms' buttons do.
 */
const map = document.querySelector('[data-map]');
const form = document.querySelector('[data-map-form]');
const within = (n) => Math.max(0, Math.min(1000, Math.round(n)));

function fromPointer(event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  return [at.x, at.y];
}

/* As typed: what else looks at the form (form.js, which asks before unsent work is left) hears of it. */
function put(field, n) {
  field.value = within(n);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/* handle is dragged from anywhere on area; place(x, y) is told where to. */
function takeHold(area, handle, where, place) {
  let dragging = false;
  area.addEventListener('pointerdown', (event) => {
    dragging = true;
    area.setPointerCapture(event.pointerId);
    if (area !== handle) place(...fromPointer(event));
    handle.focus({ preventScroll: true });
    event.preventDefault();
    event.stopPropagation();
  });
  area.addEventListener('pointermove', (event) => { if (dragging) place(...fromPointer(event)); });
  for (const end of ['pointerup', 'pointercancel']) area.addEventListener(end, () => { dragging = false; });
  handle.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 50 : 10;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] || [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    const [x, y] = where();
    place(x + dx, y + dy);
  });
}

if (map && form) {
  const { x, y, region } = form.elements;
  const mark = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
  mark.setAttribute('class', 'map-mark');
  mark.setAttribute('r', '18');
  mark.setAttribute('tabindex', '0');
  mark.setAttribute('role', 'button');
  mark.setAttribute('aria-label', 'The point to be added: the arrow keys move it');
  map.setAttribute('role', 'group');
  map.append(mark);

  function show() {
    const is = x.value !== '' && y.value !== '';
    mark.setAttribute('cx', is ? x.value : '500');
    mark.setAttribute('cy', is ? y.value : '500');
    mark.classList.toggle('is-placed', is);
  }
  takeHold(map, mark, () => [Number(x.value || 500), Number(y.value || 500)], (px, py) => {
    put(x, px);
    put(y, py);
    region.value = '';
  });
  region.addEventListener('change', () => {
    const chosen = region.selectedOptions[0];
    if (!chosen.dataset.x) return;
    x.value = chosen.dataset.x;
    y.value = chosen.dataset.y;
    show();
  });
  for (const field of [x, y]) field.addEventListener('input', show);
  show();
}

for (const point of map ? map.querySelectorAll('[data-point]') : []) {
  const more = document.querySelector(`[data-move="${point.dataset.point}"]`);
  if (!more) continue;
  const { to_x: x, to_y: y } = more.querySelector('form').elements;
  const number = point.nextElementSibling;
  point.setAttribute('tabindex', '0');
  point.setAttribute('role', 'button');
  point.setAttribute('aria-label', `Point ${number.textContent}: the arrow keys move it, Enter leads to the button that keeps the place`);
  point.classList.add('is-movable');
  function show() {
    const [px, py] = [x, y].map((field) => within(Number.parseInt(field.value, 10)));
    if (Number.isNaN(px + py)) return; // half typed
    point.setAttribute('cx', px);
    point.setAttribute('cy', py);
    number.setAttribute('x', px + 22);
    number.setAttribute('y', py + 10);
  }
  takeHold(point, point, () => [Number(x.value), Number(y.value)], (px, py) => {
    put(x, px);
    put(y, py);
    more.open = true;
  });
  point.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !more.open) return;
    event.preventDefault();
    more.querySelector('button').focus();
  });
  for (const field of [x, y]) field.addEventListener('input', show);
}
