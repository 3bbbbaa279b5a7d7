/*
 * intake.js -- questions that are asked only after an answer open and close as one answers.
 * The server decides what is asked; without script its next page shows what the answers opened.
 *
 *   <form data-conditions> … <fieldset data-when="KEY" data-when-value="ANSWER" [hidden disabled]> … </fieldset>
 * A closed one is disabled, so that nothing of it is sent.
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
