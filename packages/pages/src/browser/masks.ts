// Filters the rows of a page of masks by words and by kinds of masks.
const form = document.querySelector<HTMLFormElement>('[data-filter]')!;
const count = document.querySelector<HTMLElement>('[data-count]')!;
const rows = [...document.querySelectorAll<HTMLElement>('.rows li')];
const total = count.textContent!.split(' of ')[1]!;
/** The original words of a row. */
const wordsOf = new Map(rows.map((row) => [row, originalText(row)]));

form.addEventListener('input', filter);
form.addEventListener('submit', (event) => event.preventDefault());
filter();

function filter(): void {
  const wanted = input('words').value.toLowerCase().trim();
  const boxes = [...form.querySelectorAll<HTMLInputElement>('fieldset input')];
  const kinds = new Set(boxes.filter(({ checked }) => checked).map(({ value }) => value));
  const isAll = kinds.size === boxes.length;
  let shown = 0;
  for (const row of rows) {
    const own = row.dataset.kinds!.split(' ');
    const fits = wordsOf.get(row)!.includes(wanted) && (isAll || own.some((kind) => kinds.has(kind)));
    row.hidden = !fits;
    if (fits) shown++;
    for (const mark of row.querySelectorAll('mark'))
      mark.classList.toggle('plain', !kinds.has(mark.classList[0]!));
  }
  const asSeen = input('shown').checked;
  for (const mark of document.querySelectorAll<HTMLElement>('.rows mark')) {
    const { shown, text, note } = mark.dataset;
    mark.firstElementChild!.textContent = asSeen ? shown! : text!;
    // Screen readers hear the token that is not shown.
    mark.lastElementChild!.textContent = ` (${asSeen ? mark.title : note})`;
  }
  count.textContent = `${shown} of ${total}`;
}

function originalText(row: HTMLElement): string {
  const copy = row.cloneNode(true) as HTMLElement;
  for (const note of copy.querySelectorAll('.hidden, sup')) note.remove();
  return copy.textContent!.toLowerCase();
}

function input(name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}

export {};
