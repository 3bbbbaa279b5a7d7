/*
 * session.js -- says before a session ends, covers what is on the screen once it has, and lets her go on where she was after
 * she has logged in again. The server alone ends sessions; this only counts along. What was typed stays in the page beneath,
 * and nowhere else.
 *
 *   <body data-idle="900"   seconds without a request after which the server forgets the session
 *         data-left="43200" seconds until it ends in any case
 *         data-who="UUID">  whose session it is: another person never gets to see the page beneath
 */
const idle = Number(document.body.dataset.idle) * 1000;
const WARNING = 120000;
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('foyer-session') : null;
let seen = Date.now();
let end = seen + Number(document.body.dataset.left) * 1000;
let dialog = null;

if (idle > WARNING) {
  // A request from any tab keeps the session; this page's own loading was one.
  tabs?.postMessage('used');
  tabs?.addEventListener('message', () => { if (dialog) goOn(); else seen = Date.now(); });
  setInterval(look, 5000);
  addEventListener('visibilitychange', look);
}

function look() {
  const now = Date.now(), unused = seen + idle - now, left = Math.min(unused, end - now);
  if (left <= 0) ask('You have been logged out', 'Log in again to go on. What you had typed is still here.', 'Log in', true);
  else if (left > WARNING) close();
  else if (end - now < unused) ask('Your session ends soon', 'However much it is used, it ends in a moment. Log in anew, and go on here.', 'Log in', false);
  else ask('Still there?', 'You will soon be logged out, so that nobody else reads this screen.', 'Stay logged in', false);
}

function ask(title, words, label, isOver) {
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
  const isLogIn = label === 'Log in';
  const act = document.createElement(isLogIn ? 'a' : 'button');
  act.className = 'button';
  act.textContent = label;
  if (isLogIn) {
    // In a page of its own: it says when somebody is in, and this one goes on.
    act.href = '/login?next=/alive';
    act.target = '_blank';
    act.rel = 'noopener';
  } else act.addEventListener('click', goOn);
  dialog.append(head, text, act);
  dialog.classList.toggle('is-curtain', isOver);
  dialog.addEventListener('cancel', (event) => { if (isOver) event.preventDefault(); else if (!isLogIn) goOn(); });
  document.body.append(dialog);
  dialog.showModal();
}

function close() {
  dialog?.remove();
  dialog = null;
}

// Asks whose session there is now. Hers: the page's forms get a token of it, and what covers them goes.
function goOn() {
  // (as a document, for the page's policy lets nobody else turn text into elements)
  const ask = new XMLHttpRequest();
  ask.open('GET', '/alive');
  ask.responseType = 'document';
  ask.onerror = () => {};
  ask.onload = () => take(ask.response?.body);
  ask.send();
}

function take(page) {
  if (!page?.dataset.who) { seen = 0; look(); return; }
  if (page.dataset.who !== document.body.dataset.who) { location.reload(); return; }
  const token = page.querySelector('input[name=csrf]').value;
  for (const input of document.querySelectorAll('input[name=csrf]')) input.value = token;
  seen = Date.now();
  end = seen + Number(page.dataset.left) * 1000;
  close();
}
