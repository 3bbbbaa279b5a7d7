/*
 * session.js -- says before a session ends for want of use, and covers what is on the screen once it has.
 * The server alone ends sessions; this only counts along. What was typed stays in the page beneath.
 *
 *   <body data-idle="900">   seconds without a request after which the server forgets the session
 */
const idle = Number(document.body.dataset.idle) * 1000;
const WARNING = 120000;
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('foyer-session') : null;
let seen = Date.now();

if (idle > WARNING) {
  // A request from any tab keeps the session; this page's own loading was one.
  tabs?.postMessage('used');
  tabs?.addEventListener('message', () => { seen = Date.now(); close(); });
  setInterval(look, 5000);
  addEventListener('visibilitychange', look);
}

let dialog = null;
function look() {
  const left = idle - (Date.now() - seen);
  if (left <= 0) ask('You have been logged out', 'Nobody used this page for a while. Log in again to go on.', 'Log in', () => location.reload());
  else if (left <= WARNING) ask('Still there?', 'You will soon be logged out, so that nobody else reads this screen.', 'Stay logged in', stay);
}

function ask(title, words, label, act) {
  if (dialog?.dataset.title === title) return;
  close();
  dialog = document.createElement('dialog');
  dialog.className = 'dialog stack';
  dialog.dataset.title = title;
  dialog.setAttribute('aria-label', title);
  const head = document.createElement('h2');
  head.textContent = title;
  const text = document.createElement('p');
  text.textContent = words;
  const button = document.createElement('button');
  button.className = 'button';
  button.textContent = label;
  button.addEventListener('click', act);
  dialog.append(head, text, button);
  const ended = act !== stay;
  dialog.classList.toggle('is-curtain', ended);
  dialog.addEventListener('cancel', (event) => { if (ended) event.preventDefault(); else stay(); });
  document.body.append(dialog);
  dialog.showModal();
}

function close() {
  dialog?.remove();
  dialog = null;
}

async function stay() {
  const reply = await fetch('/alive', { method: 'GET', redirect: 'manual' }).catch(() => null);
  if (!reply?.ok) { location.reload(); return; }
  seen = Date.now();
  tabs?.postMessage('used');
  close();
}
