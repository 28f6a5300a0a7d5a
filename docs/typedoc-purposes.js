// Sorts the API reference by purpose: a comment line above a group of exports in a package's index.ts is the heading
// under which the reference lists them, so the list of exports and the reference have one order and one wording.
import { readFileSync } from 'node:fs';
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const { project } = context;
    const index = new URL(
      `../packages/${project.packageName.replace('@mlm/', '')}/src/index.ts`,
      import.meta.url,
    );
    const purposes = purposesOf(readFileSync(index, 'utf8'));
    for (const reflection of project.children ?? []) {
      const purpose = purposes.get(reflection.name);
      if (purpose === undefined) continue;
      for (const target of [reflection, ...(reflection.signatures ?? [])]) {
        target.comment ??= new Comment();
        target.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: purpose }]));
      }
    }
    app.options.setValue('categoryOrder', [...new Set(purposes.values()), '*']);
  });
  // An object that a function takes apart in its head has no name there.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name.startsWith('__named')) parameter.name = 'options';
  });
}

/** Exported name to the comment line above its group. */
function purposesOf(source) {
  const purposes = new Map();
  let purpose;
  for (const [, comment, names] of source.matchAll(/^\/\/ (.+)$|export (?:type )?\{([^}]*)\}/gm)) {
    if (comment !== undefined) purpose = comment;
    else if (purpose !== undefined)
      for (const name of names.split(',')) {
        const exported = name
          .trim()
          .replace(/^type /, '')
          .split(' as ')
          .at(-1);
        if (exported) purposes.set(exported, purpose);
      }
  }
  return purposes;
}
