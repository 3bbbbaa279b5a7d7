/*
 * signature.js -- a pad to sign on with finger, pen or mouse. Without script, or from the keyboard, the typed name signs.
 * Owns: the canvas, and two hidden fields of its fieldset:
 *   [data-sign-strokes]  {"v":1,"w":1000,"h":400,"strokes":[[[x,y,t,p],…],…]}, or empty when nothing is drawn
 *                        x 0…1000 and y 0…400 on the pad, t milliseconds since the first touch, p pressure 0…100 (50 when the device knows none)
 *   [data-sign-method]   "drawn" or "typed"; not every pad has one
 *   The canvas says what is on it: data-say-empty, data-say-drawn with the number of strokes as {1}.
 *   A pad with fewer points than others says so: data-sign-points="1000". A field without data-no-draft is kept with the rest of its form as
 *   one draws (form.js), for which it says that it changed.
 * Never: sends anything; stores a picture (the strokes are the evidence, the picture can be drawn from them).
 */
const W = 1000;
const H = 400;
const MOST_POINTS = 3000; // about 55 KB of JSON

for (const sign of document.querySelectorAll('[data-signature]')) pad(sign);

function pad(sign) {
  const draw = sign.querySelector('[data-sign-draw]');
  const canvas = sign.querySelector('[data-sign-pad]');
  const field = sign.querySelector('[data-sign-strokes]');
  const method = sign.querySelector('[data-sign-method]');
  const undo = sign.querySelector('[data-sign-undo]');
  const clear = sign.querySelector('[data-sign-clear]');
  const most = Number(sign.dataset.signPoints) || MOST_POINTS;
  const pen = canvas?.getContext('2d');
  if (!pen || !field) return;

  let strokes = read(field.value);
  let current = null;
  let began = 0;
  const points = () => strokes.reduce((n, stroke) => n + stroke.length, 0);

  draw.hidden = false;
  new ResizeObserver(paint).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);

  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    if (!strokes.length) began = event.timeStamp;
    else if (!began) began = event.timeStamp - (strokes.at(-1).at(-1)[2] + 1000);
    current = [];
    strokes.push(current);
    add(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!current || !event.isPrimary) return;
    const finer = event.getCoalescedEvents?.() ?? [];
    for (const each of finer.length ? finer : [event]) add(each);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, (event) => { if (current && event.isPrimary) { current = null; keep(); } });
  }
  undo?.addEventListener('click', () => { strokes.pop(); keep(); });
  clear?.addEventListener('click', () => { strokes = []; keep(); });
  keep();

  function add(event) {
    const box = canvas.getBoundingClientRect();
    const x = clamp((event.clientX - box.left) / box.width * W, W);
    const y = clamp((event.clientY - box.top) / box.height * H, H);
    const last = current.at(-1);
    if (last && Math.hypot(x - last[0], y - last[1]) < 3) return;
    if (points() >= most) return;
    const hard = event.pointerType === 'pen' && event.pressure ? event.pressure : 0.5;
    current.push([x, y, Math.max(0, Math.round(event.timeStamp - began)), Math.round(hard * 100)]);
    line(current, current.length - 1);
  }

  // The piece of a stroke that ends at point i: a curve through the middles, so that it runs round.
  function line(stroke, i) {
    const k = canvas.width / W;
    const [x, y, , p] = stroke[i];
    pen.lineWidth = (2.5 + p / 25) * k;
    pen.beginPath();
    if (i === 0) {
      pen.arc(x * k, y * k, pen.lineWidth * 0.6, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    const [bx, by] = stroke[i - 1];
    const [ax, ay] = stroke[i - 2] ?? stroke[i - 1];
    pen.moveTo((ax + bx) / 2 * k, (ay + by) / 2 * k);
    pen.quadraticCurveTo(bx * k, by * k, (bx + x) / 2 * k, (by + y) / 2 * k);
    pen.stroke();
  }

  function paint() {
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    if (!width) return;
    canvas.width = width;
    canvas.height = Math.round(width * H / W);
    pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).color;
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of strokes) stroke.forEach((_, i) => line(stroke, i));
  }

  function keep() {
    const drawn = strokes.length > 0;
    const was = field.value;
    field.value = drawn ? JSON.stringify({ v: 1, w: W, h: H, strokes }) : '';
    if (method) method.value = drawn ? 'drawn' : 'typed';
    for (const button of [undo, clear]) if (button) button.disabled = !drawn;
    canvas.setAttribute('aria-label', drawn ? canvas.dataset.sayDrawn.replace('{1}', strokes.length) : canvas.dataset.sayEmpty);
    paint();
    if (field.value !== was) field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

function clamp(n, most) {
  return Math.round(Math.min(Math.max(n, 0), most));
}

// What came back with a form that had an error elsewhere.
function read(text) {
  try {
    return JSON.parse(text).strokes.filter((stroke) => stroke.length);
  } catch {
    return [];
  }
}
