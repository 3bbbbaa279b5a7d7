/*
 * calendar.js -- the keyboard in the calendar. Every key stands for a link of the page: data-key="w"; / goes to the search.
 * On a visit the arrows walk: up and down through one column, left and right to the nearest visit beside; Home and End go to the
 * first and last of a column. The line of now moves on. Links stay links: Enter opens.
 * Asks the page anew at each key, for calendar_live.js may have changed it.
 *
 *   <div class="day" data-calendar> … <ol class="day-track"> <li class="visit h9 m30 d45"><a href="…"> …
 *   <button type="button" data-print hidden>      prints the page
 */
document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const from = event.target.closest?.('[data-calendar] .visit > a');
  const to = from && !event.shiftKey ? walk(from, event.key) : null;
  if (to) {
    event.preventDefault();
    to.focus();
    to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    return;
  }
  if (from && /^(Arrow|Home|End)/.test(event.key)) return;
  if (event.target.closest?.('input, select, textarea, dialog, [contenteditable], .day-scroll, .week-scroll') && event.key.startsWith('Arrow')) return;
  if (event.target.closest?.('input, select, textarea, dialog, [contenteditable]')) return;
  if (event.key === '/') {
    const search = document.querySelector('main [type=search], [type=search]');
    if (search) { event.preventDefault(); search.focus(); }
    return;
  }
  const link = [...document.querySelectorAll('[data-key]')].find((each) => each.dataset.key === event.key);
  if (link) { event.preventDefault(); link.click(); }
});

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

function minuteOf(item) {
  const read = (letter) => Number([...item.classList].find((name) => new RegExp(`^${letter}\\d+$`).test(name))?.slice(1) ?? 0);
  return read('h') * 60 + read('m');
}

function beside(from, columns) {
  const links = columns.find((each) => each.length);
  if (!links) return null;
  const minute = minuteOf(from.parentElement);
  const far = (link) => Math.abs(minuteOf(link.parentElement) - minute);
  return links.reduce((best, link) => (far(link) < far(best) ? link : best));
}

// The server said where now is, in the place's own time; from there only minutes are counted.
const first = document.querySelector('[data-calendar] .now');
if (first) {
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

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}
