/*
 * calendar_grid.js -- in the grid of a day or a week: the arrow keys walk from visit to visit (up and down through one column, left and
 * right to the nearest beside, Home and End), the line of now moves on; a visit is moved by dragging it, made longer or shorter at its
 * lower edge, both by keys as well; pressing in an empty hour books there. Loaded by calendar.js, which hands on the press that it was
 * loaded for; [data-grid] has data-ready from then on. Nothing is saved here: letting go opens the form that also moves it without
 * script (/appointments/…/move), which says what stands in the way and what is free instead. Touch: hold a visit for a moment first.
 *
 *   <section data-grid="this file"> <div class="day from-8 to-19" data-calendar> <ol class="day-track">
 *     <li class="shift …"><a href="/appointments/new?day=…&staff_id=…">  its column's day and provider
 *     <li class="visit is-booked h9 m30 d45"><a href="/appointments/ID">
 * While something is being moved the page holds [data-moving]. Asks the page anew each time: calendar.js may have put in another.
 */
const STEP = 15;
const HOLD = 350; // ms until a finger's press means to move
const EDGE = 8;   // pixels at the lower edge by which a visit is stretched
const mayMove = document.querySelector('.shift a') !== null;
const wide = matchMedia('(min-width: 48rem)');
let moving = null;
let pressed = null;
let wasDragged = false;
let voice = null;

const cardOf = (target) => target.closest?.('.day .visit:is(.is-booked, .is-confirmed)');
// Where a card stands, by its classes: h9 m30 d45.
const read = (card, letter) => Number([...card.classList].find((name) => new RegExp(`^${letter}\\d+$`).test(name))?.slice(1) ?? 0);
const minuteOf = (card) => read(card, 'h') * 60 + read(card, 'm');
const lengthOf = (card) => read(card, 'd');

document.querySelector('[data-grid]').dataset.ready = '';
document.addEventListener('keydown', walkOn);
moveNow();
if (mayMove) {
  document.addEventListener('pointerdown', press);
  document.addEventListener('pointermove', drag);
  document.addEventListener('pointerup', release);
  document.addEventListener('pointercancel', giveUp);
  document.addEventListener('touchmove', (event) => { if (moving) event.preventDefault(); }, { passive: false });
  document.addEventListener('dragstart', (event) => { if (cardOf(event.target)) event.preventDefault(); });
  document.addEventListener('contextmenu', (event) => { if (moving) event.preventDefault(); });
  document.addEventListener('click', click, true);
  document.addEventListener('keydown', key, true);
}

// ---- where things are ----

function gridOf(track) {
  const day = track.closest('.day');
  const read = (name) => Number([...day.classList].find((each) => each.startsWith(name)).slice(name.length));
  const box = track.getBoundingClientRect();
  return { from: read('from-') * 60, to: read('to-') * 60, top: box.top, minute: box.height / ((read('to-') - read('from-')) * 60) };
}

// The day and the provider of a column.
function placeOf(track) {
  const link = track.querySelector('.shift a');
  const asked = new URLSearchParams(link?.search);
  const head = track.parentElement.querySelector('.day-name');
  return {
    day: asked.get('day') ?? head.querySelector('a')?.pathname.split('/')[2] ?? location.pathname.split('/')[2],
    staff: asked.get('staff_id'),
    unit: track.dataset.unit,
    name: head.firstChild.textContent.trim() || head.textContent.trim(),
  };
}

// Columns that it may go to: those in which somebody works; from a room's to rooms', from a device's to devices'.
function tracksOf(card) {
  const own = card.closest('.day-track');
  const all = [...card.closest('.day').querySelectorAll('.day-track')];
  if (own.dataset.unit) return all.filter((track) => track.dataset.kind === own.dataset.kind);
  const isOfPeople = all.some((track) => placeOf(track).staff);
  return isOfPeople ? all.filter((track) => track === own || placeOf(track).staff) : [own];
}

const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const spoken = (minute) => `${Math.floor(minute / 60) % 12 || 12}:${String(minute % 60).padStart(2, '0')} ${minute % 1440 < 720 ? 'am' : 'pm'}`;

// ---- what is moved ----

function begin(card, how) {
  const ghost = card.cloneNode(true);
  ghost.dataset.moving = how;
  ghost.querySelector('a').tabIndex = -1;
  ghost.setAttribute('aria-hidden', 'true');
  card.classList.add('is-left');
  const track = card.closest('.day-track');
  moving = { card, ghost, how, track, tracks: tracksOf(card), minute: minuteOf(card), length: lengthOf(card) };
  track.append(ghost);
  draw();
}

function draw() {
  const { ghost, track, minute, length } = moving;
  ghost.className = `visit is-moving hue-360 h${Math.floor(minute / 60)} m${minute % 60} d${length}`;
  if (ghost.parentElement !== track) track.append(ghost);
  const words = `${spoken(minute)} to ${spoken(minute + length)}, ${placeOf(track).name}`;
  ghost.querySelector('time').textContent = `${spoken(minute)} to ${spoken(minute + length)}`;
  say(words);
}

function shift(minute, length) {
  const grid = gridOf(moving.track);
  moving.length = Math.max(5, Math.min(length, 720));
  moving.minute = Math.max(grid.from, Math.min(minute, grid.to - Math.min(moving.length, grid.to - grid.from)));
  draw();
}

function finish() {
  const { card, track, minute, length } = moving;
  const { day, staff, unit } = placeOf(track);
  const isSame = track === card.closest('.day-track') && minute === minuteOf(card) && length === lengthOf(card);
  const asked = new URLSearchParams({ day, time: clock(minute), back: location.pathname.split('/')[1] });
  if (staff) asked.set('staff_id', staff);
  if (unit && track !== card.closest('.day-track')) asked.set('room_id', unit);
  if (length !== lengthOf(card)) asked.set('minutes', length);
  const address = `${card.querySelector('a').pathname}/move?${asked}`;
  giveUp();
  if (!isSame) location.assign(address);
}

function giveUp() {
  clearTimeout(pressed?.timer);
  pressed = null;
  if (!moving) return;
  moving.ghost.remove();
  moving.card.classList.remove('is-left');
  if (moving.how === 'keys') moving.card.querySelector('a').focus();
  moving = null;
}

function say(words) {
  if (!voice) {
    voice = document.createElement('p');
    voice.className = 'move-voice';
    voice.setAttribute('role', 'status');
    document.querySelector('main').append(voice);
  }
  voice.textContent = words;
}

// ---- by pointer ----

export function press(event) {
  wasDragged = false;
  const card = event.button === 0 && wide.matches && !moving ? cardOf(event.target) : null;
  if (!card) return;
  const box = card.getBoundingClientRect();
  pressed = {
    card, x: event.clientX, y: event.clientY, id: event.pointerId, isTouch: event.pointerType === 'touch',
    how: box.bottom - event.clientY <= EDGE && box.height > 2 * EDGE ? 'length' : 'place',
  };
  if (pressed.isTouch) pressed.timer = setTimeout(start, HOLD);
}

function start() {
  begin(pressed.card, pressed.how);
  moving.grip = pressed.y - pressed.card.getBoundingClientRect().top;
  wasDragged = true;
}

function drag(event) {
  if (!pressed || event.pointerId !== pressed.id) { hint(event); return; }
  if (!moving) {
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 6) return;
    if (pressed.isTouch) { giveUp(); return; } // it scrolls
    start();
  }
  event.preventDefault();
  const step = event.shiftKey ? 5 : STEP;
  if (moving.how === 'length') {
    const grid = gridOf(moving.track);
    const end = Math.round(((event.clientY - grid.top) / grid.minute + grid.from) / step) * step;
    shift(moving.minute, end - moving.minute);
    return;
  }
  const under = moving.tracks.find((track) => {
    const box = track.getBoundingClientRect();
    return event.clientX >= box.left && event.clientX < box.right;
  });
  if (under) moving.track = under;
  const grid = gridOf(moving.track);
  shift(Math.round(((event.clientY - moving.grip - grid.top) / grid.minute + grid.from) / step) * step, moving.length);
}

function release(event) {
  if (pressed && event.pointerId === pressed.id) {
    clearTimeout(pressed.timer);
    pressed = null;
    if (moving) finish();
  }
}

// Over the lower edge the pointer says that it stretches.
function hint(event) {
  const card = event.pointerType === 'mouse' && wide.matches ? cardOf(event.target) : null;
  const link = card?.querySelector('a');
  if (link) link.classList.toggle('is-edge', card.getBoundingClientRect().bottom - event.clientY <= EDGE);
}

function click(event) {
  if (wasDragged) { event.preventDefault(); event.stopPropagation(); wasDragged = false; return; }
  // In an empty hour: the time that was pressed. (detail 0: by the keyboard, which asks for no time.)
  const link = event.target.closest?.('.day .shift a');
  if (!link || !wide.matches || event.detail === 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const grid = gridOf(link.closest('.day-track'));
  const minute = Math.floor(((event.clientY - grid.top) / grid.minute + grid.from) / STEP) * STEP;
  event.preventDefault();
  location.assign(`${link.href}&time=${clock(minute)}`);
}

// ---- by keyboard ----

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!moving) {
    const card = event.key === 'v' && wide.matches ? cardOf(event.target) : null;
    if (!card) return;
    event.preventDefault();
    event.stopPropagation();
    begin(card, 'keys');
    say(`Moving. Arrows choose the time, plus and minus the length, Enter goes on, Escape gives up. ${voice.textContent}`);
    return;
  }
  if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); giveUp(); say('Not moved.'); return; }
  if (moving.how !== 'keys') return;
  const step = event.shiftKey ? 5 : STEP;
  const beside = (by) => moving.tracks[moving.tracks.indexOf(moving.track) + by] ?? moving.track;
  const act = {
    ArrowUp: () => shift(moving.minute - step, moving.length),
    ArrowDown: () => shift(moving.minute + step, moving.length),
    ArrowLeft: () => { moving.track = beside(-1); draw(); },
    ArrowRight: () => { moving.track = beside(1); draw(); },
    '+': () => shift(moving.minute, moving.length + STEP),
    '-': () => shift(moving.minute, moving.length - STEP),
    Enter: finish,
  }[event.key];
  event.stopPropagation();
  if (act) { event.preventDefault(); act(); } else if (event.key === 'Tab') giveUp();
}

// ---- from visit to visit ----

function walkOn(event) {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const from = event.target.closest?.('[data-calendar] .visit > a');
  const to = from && walk(from, event.key);
  if (!to) return;
  event.preventDefault();
  to.focus();
  to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function walk(from, key) {
  const day = from.closest('[data-calendar]');
  const columns = Array.from(day.querySelectorAll('.day-track, .week-track'), (track) => [...track.querySelectorAll('.visit > a')]);
  const column = columns.findIndex((links) => links.includes(from));
  const links = columns[column] ?? [];
  const i = links.indexOf(from);
  return {
    ArrowDown: () => links[i + 1],
    ArrowUp: () => links[i - 1],
    ArrowRight: () => beside(from, columns.slice(column + 1)),
    ArrowLeft: () => beside(from, columns.slice(0, column).reverse()),
    Home: () => links[0],
    End: () => links.at(-1),
  }[key]?.();
}

function beside(from, columns) {
  const links = columns.find((each) => each.length);
  if (!links) return null;
  const minute = minuteOf(from.parentElement);
  const far = (link) => Math.abs(minuteOf(link.parentElement) - minute);
  return links.reduce((best, link) => (far(link) < far(best) ? link : best));
}

// The server said where now is when the page was made; from there only minutes are counted.
function moveNow() {
  const first = document.querySelector('[data-calendar] .now');
  if (!first) return;
  const start = minuteOf(first);
  const since = Date.now();
  setInterval(() => {
    const minute = start + Math.floor((Date.now() - since) / 60000);
    if (minute >= 1440) return;
    for (const line of document.querySelectorAll('[data-calendar] .now')) {
      line.className = `now h${Math.floor(minute / 60)} m${Math.floor(minute % 60 / 5) * 5}`;
    }
  }, 60000);
}
