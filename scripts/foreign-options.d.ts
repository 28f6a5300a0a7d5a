/** Reads the tables of docs/coming-from-run-mlm.md; gives the text of a TypeScript file with what stands here for each option. */
export function foreignOptions(page: string): string;
