// Reads the tables of docs/coming-from-run-mlm.md: what stands here for each option of run_mlm.py.

/**
 * @param {string} page
 * @returns {string} a TypeScript file: plain text by the other program's name
 */
export function foreignOptions(page) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const line of page.split('\n')) {
    const [, there, here] = /^\| (.*?) *(?<!\\)\| (.*?) *\|$/.exec(line) ?? [];
    if (!there || !here || /^-+$/.test(there)) continue;
    const plain = here
      .replaceAll('`', '')
      .replaceAll('\\|', '|')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim();
    for (const [, name] of there.matchAll(/`([a-z][a-z0-9_]+)[^`]*`/g)) found[name] = plain;
  }
  const text = JSON.stringify(found, null, 2);
  return `// Made by scripts/docs.js from docs/coming-from-run-mlm.md.\nexport const foreignOptions: Readonly<Record<string, string>> = ${text};\n`;
}
