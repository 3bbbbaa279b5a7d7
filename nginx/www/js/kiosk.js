/*
 * kiosk.js -- a client's form on the studio's tablet: when nobody touches it for five minutes, it is put away.
 * Owns: nothing; it sends the form [data-kiosk-done], as its button does. The server ends it by itself ten minutes after the last
 * request; so who reads, scrolls or draws without one is reported to it now and then ([data-kiosk-here]: where).
 */
const REST = 5 * 60 * 1000;
const REPORT = 2 * 60 * 1000;
const done = document.querySelector('[data-kiosk-done]');
let last = Date.now();
let told = Date.now();
for (const touch of ['pointerdown', 'keydown', 'input', 'scroll']) addEventListener(touch, () => { last = Date.now(); }, { capture: true, passive: true });
setInterval(() => {
  if (done && Date.now() - last > REST) {
    last = Date.now();
    done.submit();
  } else if (done && last > told && Date.now() - told > REPORT) {
    told = Date.now();
    fetch(done.dataset.kioskHere, { method: 'POST', body: new URLSearchParams(new FormData(done)), headers: { Accept: 'text/plain' }, redirect: 'manual' }).catch(() => {});
  }
}, 5000);
// A page out of the browser's memory is asked for anew: it may be another's by now.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
