/*
 * body_map.js -- a point is put on the drawing by a click or a drag, and moved by the arrow keys; the form works without it.
 * Adds: a mark on the drawing that says where the form's numbers lie. Never: sends anything; the form's button does.
 */
const map = document.querySelector('[data-map]');
const form = document.querySelector('[data-map-form]');

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
  const within = (n) => Math.max(0, Math.min(1000, Math.round(n)));

  function show() {
    const is = x.value !== '' && y.value !== '';
    mark.setAttribute('cx', is ? x.value : '500');
    mark.setAttribute('cy', is ? y.value : '500');
    mark.classList.toggle('is-placed', is);
  }
  function place(px, py) {
    x.value = within(px);
    y.value = within(py);
    region.value = '';
    show();
  }
  function fromPointer(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    place(at.x, at.y);
  }

  let dragging = false;
  map.addEventListener('pointerdown', (event) => {
    dragging = true;
    map.setPointerCapture(event.pointerId);
    fromPointer(event);
    mark.focus({ preventScroll: true });
    event.preventDefault();
  });
  map.addEventListener('pointermove', (event) => { if (dragging) fromPointer(event); });
  for (const end of ['pointerup', 'pointercancel']) map.addEventListener(end, () => { dragging = false; });

  mark.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 50 : 10;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] || [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    place(Number(x.value || 500) + dx, Number(y.value || 500) + dy);
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
