/*
 * files.js -- says before anything is sent that the chosen files are too many or too large. The server says the same without script.
 * Never: decides what is taken.
 *
 *   <form data-files="HOW MANY"> … <input type="file"> <p class="error" data-files-error hidden></p>  (templates/part/files_error, with the words)
 */
const MOST = 10 * 1024 * 1024;

for (const form of document.querySelectorAll('form[data-files]')) {
  const input = form.querySelector('input[type="file"]');
  const error = form.querySelector('[data-files-error]');
  const wrong = () => {
    const files = Array.from(input.files);
    const room = Number(form.dataset.files);
    if (files.length > room) return error.dataset.sayRoom.replace('{1}', room);
    if (files.length === 1 && files[0].size > MOST) return error.dataset.sayLarge;
    if (files.reduce((sum, file) => sum + file.size, 0) > MOST) return error.dataset.sayTogether;
    return '';
  };
  const look = () => {
    const words = wrong();
    error.textContent = words;
    error.hidden = !words;
    input.setCustomValidity(words);
  };
  input.addEventListener('change', look);
}
