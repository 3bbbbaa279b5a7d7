/*
 * form.js -- small kindnesses for every form marked data-form; each page works without it.
 * Adds: one submit per click; a warning before unsaved work is left; focus on the error summary;
 * drafts saved as one types, when the form names where: data-autosave="/f/draft".
 * Never: decides whether an answer is valid; the server does.
 *
 *   <form method="post" data-form [data-autosave="/path"]> … {{>part/saved}}: where it says so, and its words
 *   data-guard on a form with work worth keeping: leaving it asks first.
 *   A draft is sent as the form's own fields with a fresh idem, without those marked data-no-draft and without files, and asks
 *   for text/plain. Any 2xx or redirect counts as kept; a refusal is 4xx, and when it is text/plain its words are shown as they are.
 */
const QUIET = 1200; // ms without a keystroke before a draft is sent
const stayed = []; // what each form does when its page is not left after all

for (const form of document.querySelectorAll('form[data-form]')) {
  let dirty = false;
  let sending = false;

  form.addEventListener('submit', (event) => {
    if (sending) {
      event.preventDefault();
      return;
    }
    sending = true;
    dirty = false;
    const button = event.submitter;
    // After this turn, so that the button's own name and value are still sent.
    setTimeout(() => button?.setAttribute('data-busy', ''), 0);
  });

  // Back from the next page, or never gone, for another form of the page asked first: the form is alive again.
  function revive() {
    sending = false;
    for (const button of form.querySelectorAll('[data-busy]')) button.removeAttribute('data-busy');
  }
  addEventListener('pageshow', revive);
  stayed.push(() => { if (sending) { dirty = true; revive(); } });

  form.addEventListener('input', () => { dirty = true; });
  if (form.hasAttribute('data-guard')) {
    addEventListener('beforeunload', (event) => {
      if (!dirty || sending) return;
      event.preventDefault();
      setTimeout(() => { for (const stay of stayed) stay(); }, 0); // after the answer
    });
  }

  if (form.dataset.autosave) autosave(form, () => { dirty = false; }, () => sending);
}

document.querySelector('[data-errors]')?.focus({ preventScroll: false });

// An open menu closes as one expects: Escape, or a press elsewhere.
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.querySelector('.menu[open]');
  if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
});
addEventListener('pointerdown', (event) => {
  for (const menu of document.querySelectorAll('.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function autosave(form, kept, isSubmitting) {
  const note = form.querySelector('[data-saved]');
  const say = (words) => { note.textContent = words; };
  let timer = 0;
  let running = false;
  let again = false;

  async function save() {
    if (isSubmitting()) return;
    if (running) { again = true; return; }
    running = true;
    const body = new URLSearchParams();
    const left = new Set(Array.from(form.querySelectorAll('[data-no-draft]'), (field) => field.name));
    for (const [name, value] of new FormData(form)) {
      if (typeof value === 'string' && !left.has(name)) body.append(name, value);
    }
    body.set('idem', crypto.randomUUID());
    try {
      const reply = await fetch(form.dataset.autosave, { method: 'POST', body, headers: { Accept: 'text/plain' }, redirect: 'manual', keepalive: body.toString().length < 60000 });
      if (reply.ok || reply.type === 'opaqueredirect') {
        if (!again) kept();
        say(note.dataset.sayKept.replace('{1}', new Date().toLocaleTimeString(document.documentElement.lang, { hour: 'numeric', minute: '2-digit' })));
      } else {
        say(await refused(reply, note.dataset));
        again ||= reply.status >= 500 || reply.status === 429;
      }
    } catch {
      say(note.dataset.sayOffline);
      again = true;
    }
    running = false;
    if (again) { again = false; timer = setTimeout(save, 8000); }
  }

  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(save, QUIET); });
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && timer) { clearTimeout(timer); timer = 0; save(); }
  });
}

// Why a draft was not kept, and what comes next, in the words of the page.
async function refused(reply, words) {
  if (reply.status === 401) return words.sayEnded;
  if (reply.status === 403) return words.sayForbidden;
  if (reply.status === 404 || reply.status === 410) return words.sayGone;
  if (reply.status === 413) return words.sayLarge;
  if (reply.status === 429) return words.sayFast;
  if (reply.status >= 500) return words.sayLater;
  const said = reply.headers.get('Content-Type')?.startsWith('text/plain') ? (await reply.text()).trim() : '';
  return said ? words.sayRefused.replace('{1}', () => said) : words.sayUnknown;
}
