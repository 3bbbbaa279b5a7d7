/*
 * passkey.js -- lets a form be answered by a passkey: asks the server what is to be signed, the browser to sign it,
 * and sends the form with the answer in its hidden fields. Without script such a form stays hidden; codes do.
 * Never: keeps or shows a key; decides whether an answer is right, which the server does.
 *
 *   <form method="post" data-passkey="get|create" data-ask="/path that answers what is to be signed" hidden>
 *     {{>part/form_keys}} {{>second_factor/_answer}} … <button> … <p role="status" data-passkey-note></p>
 */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const ids = (list) => list.map((id) => ({ type: 'public-key', id: bytes(id) }));

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      answer(form, event.submitter);
    });
  }
}

async function answer(form, button) {
  const note = form.querySelector('[data-passkey-note]');
  if (button.hasAttribute('data-busy')) return;
  button.setAttribute('data-busy', '');
  note.textContent = '';
  try {
    const asked = await ask(form);
    if (!asked) return;
    const given = form.dataset.passkey === 'create' ? await create(asked) : await get(asked);
    for (const [name, value] of Object.entries(given)) form.elements[name].value = value;
    form.submit();
  } catch (error) {
    note.textContent = error.name === 'InvalidStateError'
      ? 'This device has a passkey for your account already.'
      : 'No passkey was given. Try again, or take another way.';
  } finally {
    button.removeAttribute('data-busy');
  }
}

// What is to be signed; nothing when the page has to be left to confirm who one is first.
async function ask(form) {
  const body = new URLSearchParams();
  for (const name of ['csrf', 'alone']) if (form.elements[name]) body.set(name, form.elements[name].value);
  const reply = await fetch(form.dataset.ask, { method: 'POST', body, redirect: 'manual' });
  if (reply.ok) return reply.json();
  if (reply.type === 'opaqueredirect' || reply.status === 422) {
    location.assign(`/confirm?next=${encodeURIComponent(location.pathname)}`);
    return null;
  }
  throw new Error(`answered ${reply.status}`);
}

async function get(asked) {
  const { rawId, response } = await navigator.credentials.get({ publicKey: {
    challenge: bytes(asked.challenge), rpId: asked.site, allowCredentials: ids(asked.passkeys), userVerification: 'required', timeout: 120000,
  } });
  return {
    credential: text(rawId), client_data: text(response.clientDataJSON), auth_data: text(response.authenticatorData),
    signature: text(response.signature), user_handle: response.userHandle ? text(response.userHandle) : '',
  };
}

async function create(asked) {
  const { rawId, response } = await navigator.credentials.create({ publicKey: {
    challenge: bytes(asked.challenge), rp: { id: asked.site, name: asked.business },
    user: { id: bytes(asked.handle), name: asked.name, displayName: asked.called },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -8 }, { type: 'public-key', alg: -257 }],
    excludeCredentials: ids(asked.passkeys), attestation: 'none', timeout: 120000,
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  } });
  return { credential: text(rawId), client_data: text(response.clientDataJSON), auth_data: text(response.getAuthenticatorData()) };
}
