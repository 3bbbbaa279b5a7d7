/*
 * intake.js -- questions that are asked only after an answer open and close as one answers.
 * The server decides what is asked; without script its next page shows what the answers opened.
 *
 *   <form data-conditions> … <fieldset data-when="KEY" data-when-value="ANSWER" [hidden disabled]> … </fieldset>
 * A closed one is disabled, so that nothing of it is sent.
 *
 * Regions of face and body can be touched on drawings: [data-body-touch hidden] … <g data-region="VALUE OF A BOX">…</g>, over the boxes of
 * the same fieldset, which stay the answer: for the keyboard, for who listens, and without script.
 */
for (const form of document.querySelectorAll('[data-conditions]')) {
  const conditional = Array.from(form.querySelectorAll('[data-when]'));
  if (!conditional.length) continue;

  const answers = (key) => Array.from(form.querySelectorAll(`[name="q-${CSS.escape(key)}"]`))
    .filter((field) => !field.matches('fieldset[disabled] *') && (field.type !== 'radio' && field.type !== 'checkbox' || field.checked))
    .map((field) => field.value);

  const look = () => {
    // In the order of the form: what hangs on a closed question closes with it.
    for (const one of conditional) {
      const isOpen = answers(one.dataset.when).includes(one.dataset.whenValue);
      one.hidden = !isOpen;
      one.disabled = !isOpen;
    }
  };
  form.addEventListener('input', look);
  form.addEventListener('change', look);
  look();
}

for (const drawings of document.querySelectorAll('[data-body-touch]')) {
  const boxes = Array.from(drawings.closest('fieldset').querySelectorAll('input[type="checkbox"]'));
  const boxOf = (region) => boxes.find((box) => box.value === region.dataset.region);
  const regions = Array.from(drawings.querySelectorAll('[data-region]')).filter(boxOf);
  const show = () => { for (const region of regions) region.classList.toggle('is-on', boxOf(region).checked); };
  for (const region of regions) region.addEventListener('click', () => boxOf(region).click());
  for (const box of boxes) box.addEventListener('change', show);
  drawings.hidden = false;
  show();
}
