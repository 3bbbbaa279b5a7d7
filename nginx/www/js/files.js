/*
 * files.js -- says before anything is sent that the chosen files are too many or too large. The server says the same without script.
 * Never: decides what is taken.
 *
 *   <form data-files="HOW MANY"> … <input type="file"> <p class="error" data-files-error hidden></p>
 */
const MOST = 10 * 1024 * 1024;

for (const form of document.querySelectorAll('form[data-files]')) {
  const input = form.querySelector('input[type="file"]');
  const error = form.querySelector('[data-files-error]');
  const wrong = () => {
    const files = Array.from(input.files);
    const room = Number(form.dataset.files);
    if (files.length > room) return `There is room for ${room} more. Choose fewer.`;
    if (files.length === 1 && files[0].size > MOST) return 'This file is larger than 10 MB. Please choose a smaller one.';
    if (files.reduce((sum, file) => sum + file.size, 0) > MOST) return 'Together these are larger than 10 MB. Choose fewer now, and add the others afterwards.';
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
