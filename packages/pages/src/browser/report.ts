// Draws the charts of a report and reloads the page of a run that goes on.
import { type DrawnChart, drawChart } from './draw-chart.js';

for (const figure of document.querySelectorAll<HTMLElement>('[data-chart]')) {
  const data = figure.querySelector('script')!;
  const place = document.createElement('div');
  data.after(place);
  drawChart(place, JSON.parse(data.textContent!) as DrawnChart);
}
for (const note of document.querySelectorAll<HTMLElement>('[data-live]')) reloadFrom(note);

function reloadFrom(note: HTMLElement): void {
  const button = note.querySelector('button')!;
  const key = 'mlm-report-paused';
  let paused = sessionStorage.getItem(key) === 'yes';
  const show = () => {
    button.setAttribute('aria-pressed', String(paused));
    button.textContent = paused ? 'Paused' : 'Pause';
  };
  button.onclick = () => {
    paused = !paused;
    sessionStorage.setItem(key, paused ? 'yes' : 'no');
    show();
  };
  show();
  setInterval(() => {
    if (!paused) location.reload();
  }, Number(note.dataset.live) * 1000);
}
