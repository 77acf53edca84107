/**
 * Comfort for those who have scripts: a choice shows at once, an e-mail address leaves the browser as its hash, periods have
 * keys, a chart reads out its numbers. Everything works without it.
 */
export const SCRIPT = `
(() => {
  'use strict';
  // Only for those who point: a key that steps through the choices must not leave the page at each of them.
  let points = false;
  document.addEventListener('pointerdown', () => { points = true; }, true);
  document.addEventListener('keydown', () => { points = false; }, true);
  for (const form of document.querySelectorAll('form.filters')) {
    form.addEventListener('change', (event) => {
      const field = event.target;
      if (!points || 'waits' in field.dataset || field.type === 'date' || field.type === 'text' || field.type === 'search' || field.type === 'email') return;
      form.requestSubmit();
    });
  }
  // An e-mail address leaves the browser as its hash, where it can be made: a context that is secure has the means.
  for (const form of document.querySelectorAll('form[data-hash]')) {
    const field = form.elements.namedItem(form.dataset.hash);
    form.addEventListener('submit', async (event) => {
      form.querySelector('input[data-hashed]')?.remove();
      field.name = form.dataset.hash;
      const address = field.value.replace(/^[\\p{Z}\\p{Cc}\\uFEFF]+|[\\p{Z}\\p{Cc}\\uFEFF]+$/gu, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      if (!/^[^\\s@]+@[^\\s@]+$/.test(address) || !crypto.subtle) return;
      event.preventDefault();
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(address));
      const hashed = document.createElement('input');
      hashed.type = 'hidden';
      hashed.name = form.dataset.hash;
      hashed.dataset.hashed = '';
      hashed.value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      field.removeAttribute('name');
      form.append(hashed);
      form.submit();
    });
  }
  const keys = { w: '7d', f: '28d', m: 'month', p: 'last-month', y: 'year', l: '12m' };
  const footer = document.querySelector('footer');
  if (footer && document.querySelector('.presets')) {
    // Single keys must be possible to switch off: speech input types them (WCAG 2.1.4).
    const OFF = 'touchtrail-keys-off';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'plain no-print';
    const say = () => {
      button.textContent = localStorage.getItem(OFF)
        ? 'Keys for periods are off: switch them on'
        : 'Keys for periods: W 7 days, F 28 days, M this month, P last month, Y this year, L 12 months. Switch them off';
    };
    button.addEventListener('click', () => {
      if (localStorage.getItem(OFF)) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, '1');
      say();
    });
    say();
    footer.append(button);
    document.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || localStorage.getItem(OFF)) return;
      const target = event.target;
      if (target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName))) return;
      const period = Object.hasOwn(keys, event.key.toLowerCase()) && keys[event.key.toLowerCase()];
      if (!period) return;
      const url = new URL(location.href);
      for (const name of ['from', 'to', 'page']) url.searchParams.delete(name);
      url.searchParams.set('period', period);
      location.assign(url);
    });
  }
  for (const chart of document.querySelectorAll('figure:has(svg.chart)')) {
    const rows = [...chart.querySelectorAll('tbody tr')];
    const caption = chart.querySelector('figcaption');
    if (!caption || rows.length < 2) continue;
    const heads = [...chart.querySelectorAll('thead th')].map((cell) => cell.textContent.trim());
    const readout = caption.appendChild(document.createElement('output'));
    for (const svg of chart.querySelectorAll('svg.chart')) {
      const left = Number(svg.dataset.left);
      const right = Number(svg.dataset.right);
      svg.addEventListener('pointermove', (event) => {
        const box = svg.getBoundingClientRect();
        const at = ((event.clientX - box.left) / box.width - left) / (right - left);
        const row = rows[Math.max(0, Math.min(rows.length - 1, Math.round(at * (rows.length - 1))))];
        const cells = [...row.children].map((cell) => cell.textContent.trim());
        readout.textContent = cells.map((text, index) => (index === 0 ? text : heads[index] + ': ' + text)).join(' · ');
      });
      svg.addEventListener('pointerleave', () => { readout.textContent = ''; });
    }
  }
})();
`.trim();
