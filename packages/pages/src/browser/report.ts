// Draws the charts of a report, and follows a run that is in progress.
import { type DrawnChart, drawChart } from './draw-chart.js';

for (const figure of document.querySelectorAll<HTMLElement>('[data-chart]')) {
  const data = figure.querySelector('script')!;
  const place = document.createElement('div');
  data.after(place);
  drawChart(place, JSON.parse(data.textContent!) as DrawnChart);
}
for (const note of document.querySelectorAll<HTMLElement>('[data-live]')) follow(note);

/** Shows each new report of the run, unless the reader holds the page. */
function follow(note: HTMLElement): void {
  const button = note.querySelector('button')!;
  const status = note.querySelector('[role=status]')!;
  const key = 'mlm-report-paused';
  let paused = sessionStorage.getItem(key) === 'yes';
  let news: (() => void) | undefined;
  const show = () => {
    button.setAttribute('aria-pressed', String(paused));
    button.textContent = paused ? 'Paused' : 'Pause';
    if (!paused) news?.();
  };
  button.onclick = () => {
    paused = !paused;
    sessionStorage.setItem(key, paused ? 'yes' : 'no');
    show();
  };
  show();
  const update = (how: () => void) => {
    news = how;
    if (!paused) news();
  };
  const reload = () => update(() => location.reload());
  const reloadAtTimes = () => setInterval(reload, Number(note.dataset.live) * 1000);

  if (location.protocol === 'file:') {
    const minutes = Math.floor((Date.now() - Date.parse(document.lastModified)) / 60_000);
    if (minutes >= 5)
      status.textContent = `No news for ${minutes} minutes: the run may have been killed. This page follows it.`;
    reloadAtTimes();
    return;
  }
  // `mlm train --serve` sends word of each report, and the last one whole; any other server knows no such address.
  const events = new EventSource('events');
  let lost = false;
  events.onopen = () => lost && reload();
  events.onmessage = reload;
  events.addEventListener('end', ({ data }) => {
    events.close();
    update(() => {
      document.open();
      document.write(JSON.parse(data));
      document.close();
    });
  });
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) reloadAtTimes();
    else {
      lost = true;
      status.textContent =
        'The connection is lost: the run has ended. This is the last report that was received.';
    }
  };
}
