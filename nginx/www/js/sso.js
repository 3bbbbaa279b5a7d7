/*
 * sso.js -- logging in by single sign-on goes on by itself; without script there is a button, and a page that loads itself again.
 *   <form data-send>          sent as soon as it is there
 *   <p data-waiting>          asks again until the page says something else
 */
document.querySelector('form[data-send]')?.requestSubmit();

if (document.querySelector('[data-waiting]')) {
  const ask = async () => {
    const reply = await fetch(location.href, { redirect: 'manual' }).catch(() => null);
    const text = reply?.ok ? await reply.text() : '';
    if (text && !text.includes('data-waiting')) location.reload();
    else setTimeout(ask, 700);
  };
  setTimeout(ask, 300);
}
