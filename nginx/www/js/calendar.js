/*
 * calendar.js -- the arrow keys walk the day: up and down through one column, left and right to the nearest visit beside;
 * Home and End go to the first and last of a column. The line of now moves on. Links stay links: Enter opens.
 *
 *   <div class="day" data-calendar> … <li class="visit h9 m30 d45"><a href="…"> …
 */
for (const day of document.querySelectorAll('[data-calendar]')) {
  const columns = Array.from(day.querySelectorAll('.day-track'), (track) => [...track.querySelectorAll('.visit > a')]);

  day.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const from = event.target.closest('.visit > a');
    const column = columns.findIndex((links) => links.includes(from));
    if (column < 0) return;
    const links = columns[column];
    const i = links.indexOf(from);
    const to = {
      ArrowDown: () => links[i + 1],
      ArrowUp: () => links[i - 1],
      ArrowRight: () => beside(from, columns.slice(column + 1)),
      ArrowLeft: () => beside(from, columns.slice(0, column).reverse()),
      Home: () => links[0],
      End: () => links.at(-1),
    }[event.key]?.();
    if (!to) return;
    event.preventDefault();
    to.focus();
    to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });

  const lines = day.querySelectorAll('.now');
  if (lines.length) moveNow(lines);
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
function moveNow(lines) {
  const start = minuteOf(lines[0]);
  const since = Date.now();
  setInterval(() => {
    const minute = start + Math.floor((Date.now() - since) / 60000);
    if (minute >= 1440) return;
    for (const line of lines) {
      line.className = `now h${Math.floor(minute / 60)} m${Math.floor(minute % 60 / 5) * 5}`;
    }
  }, 60000);
}
