/*
 * book_desk.js -- at the desk's form for a new appointment: only the add-ons that go with the chosen service are shown.
 * Without script all are, each with the services that it goes with; the server refuses what does not suit.
 *
 *   <select name="service_id"> … <fieldset data-addons> <label data-services="ID ID"><input type="checkbox"> …
 */
const service = document.querySelector('select[name=service_id]');
const addons = document.querySelector('[data-addons]');

function suit() {
  let some = false;
  for (const label of addons.querySelectorAll('[data-services]')) {
    label.hidden = !label.dataset.services.split(' ').includes(service.value);
    if (label.hidden) label.querySelector('input').checked = false;
    some ||= !label.hidden;
  }
  addons.hidden = !some;
}

if (service && addons) {
  service.addEventListener('change', suit);
  addEventListener('pageshow', suit);
  suit();
}
