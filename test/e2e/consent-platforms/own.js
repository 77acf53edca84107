/** A banner of the site's own that calls the function of the recipe "Your own banner". */
{
  if (window.name) onDecision(window.name !== 'none');
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    onDecision(window.name !== 'none');
  });
}
