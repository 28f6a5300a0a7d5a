import type { BadRecords } from '@mlm/tokenize';
import { formatNoun } from './numbers.js';
import type { Style } from './style.js';

/** The lines of a report about unreadable records; none if there were none. */
export function badRecordLines(badRecords: BadRecords | undefined, style: Style): string[] {
  if (!badRecords || badRecords.count === 0) return [];
  const { count, first, list } = badRecords;
  return [
    style('yellow', `      ${formatNoun(count, 'unreadable record')} left out:`),
    ...first.map((record) => `        ${record}`),
    ...(list ? [`        all of them: ${list}`] : []),
  ];
}

/** The fields of a JSON report about unreadable records. */
export function badRecordFields(badRecords: BadRecords | undefined): {
  bad_records_list?: string | undefined;
} {
  return badRecords && badRecords.count > 0 ? { bad_records_list: badRecords.list } : {};
}
