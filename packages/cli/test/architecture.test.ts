import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What each package may import of the others: DESIGN in one table. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  arrow: ['base'],
  pages: ['base'],
  pjrt: ['base'],
  compile: ['base', 'pjrt'],
  engines: ['base', 'compile', 'pjrt'],
  tokenize: ['base', 'arrow'],
  masking: ['base', 'arrow'],
  train: ['base', 'arrow', 'compile', 'engines', 'masking', 'pages', 'tokenize'],
  cli: ['base', 'arrow', 'engines', 'masking', 'pages', 'tokenize', 'train'],
};

/** Tables: the folder of the members, and the files that may import one (others go through `index.ts`). */
const tables: Record<string, RegExp> = {
  'compile/src/targets': /^compile\/src\/(targets\/|index\.ts$|browser\/targets\.ts$)/,
  'masking/src/replace': /^masking\/src\/replace\//,
  'tokenize/src/formats': /^tokenize\/src\/formats\//,
  'train/src/models': /^train\/src\/models\//,
};

/** What the members of a table share; anyone may import it. */
const shared =
  /\/(index|target|variables|inputs|emit|format|compression|model|layers|fields|foreign|initialize|lines|loss|replacement)\.ts$/;

/** Options of other programs, which a library may pass to them or name. */
const otherPrograms = [
  'engines/src/tensorflow/binding.ts', // node-gyp and the linker
  'engines/src/tensorflow/wheel.ts', // pip
  'train/src/engine/free-memory.ts', // nvidia-smi
  'compile/src/targets/tensorflow/load-tfjs-node.ts', // TF_XLA_FLAGS
  'tokenize/src/formats/zstd.ts', // zstd
  'tokenize/src/worker/message-thread.ts', // node
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const packages = readdirSync(root).filter((name) => existsSync(join(root, name, 'src')));
const notSource = /\.(test|fixture|lane|suite|generated)\.ts$|\.d\.ts$|\/testing\//;
const sources = new Map(
  packages.flatMap((name) =>
    readdirSync(join(root, name, 'src'), { recursive: true, encoding: 'utf8' })
      .map((file) => `${name}/src/${file}`)
      .filter((file) => file.endsWith('.ts') && !notSource.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const),
  ),
);

/** Every import of a file, of types and at run time alike: `import … from`, `export … from`, `import('…')`. */
const importsOf = (text: string) =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, path]) => path!);

/** The files of this repository's packages that a file imports. */
const graph = new Map(
  [...sources].map(([file, text]) => [
    file,
    importsOf(text)
      .filter((path) => path.startsWith('.'))
      .map((path) => relative(root, join(root, dirname(file), path)).replace(/\.js$/, '.ts'))
      .filter((path) => sources.has(path)),
  ]),
);

/** The code of a file without its comments, which may say what they like. */
const withoutComments = (text: string) =>
  text.replace(/\/\*.*?\*\//gs, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');

test('the rules see the sources: every package has files, and files import each other', () => {
  expect(packages.sort()).toEqual(Object.keys(mayImport).sort());
  expect(sources.size).toBeGreaterThan(250);
  expect(graph.get('train/src/index.ts')).toContain('train/src/loop/train.ts');
});

test.each(packages)('%s imports only the packages below it, and declares them', (name) => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const [file, text] of sources) {
    if (!file.startsWith(`${name}/`)) continue;
    // Comments hold examples, which join packages.
    for (const path of importsOf(withoutComments(text)).filter((path) => path.startsWith('@mlm/'))) {
      const imported = path.split('/')[1]!;
      expect(mayImport[name], `${file} imports ${path}`).toContain(imported);
      expect(Object.keys(dependencies), `${file} imports ${path}`).toContain(`@mlm/${imported}`);
    }
  }
});

test('no file imports itself by way of others, not even a type', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file) || way.includes(file)) return;
    for (const next of graph.get(file)!) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test('tensors are named in models alone', () => {
  const names = new RegExp(
    [
      /\bBertConfig\b/,
      /['"`](bert|roberta|distilbert|electra|albert|modernbert)\./,
      /['"`.](embeddings\.|encoder\.layer|cls\.predictions|lm_head\.|LayerNorm\.)/,
      /word_embeddings|(LayerNorm|dense|query|decoder)\.(weight|bias)\b/,
    ]
      .map(({ source }) => source)
      .join('|'),
  );
  const naming = [...sources].filter(
    ([file, text]) => !file.startsWith('train/src/models/') && names.test(withoutComments(text)),
  );
  expect(naming.map(([file]) => file)).toEqual([]);
});

test('a library’s message has no flag and no command of the command line: they are mentions', () => {
  const literal = /'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"/g;
  const spelled =
    /(^|[\s`'"(])--[a-z][a-z-]+|\bmlm (preprocess|train|eval|fill|export|merge|verify|setup|doctor)\b/;
  const found = [...sources]
    .filter(([file]) => !file.startsWith('cli/') && !otherPrograms.includes(file))
    .flatMap(([file, text]) =>
      (withoutComments(text).match(literal) ?? [])
        .filter((words) => spelled.test(words))
        .map((words) => `${file}: ${words}`),
    );
  expect(found).toEqual([]);
});

test.each(Object.entries(tables))('the members of %s are listed in its index alone', (folder, within) => {
  const reading = [...graph].flatMap(([file, imports]) =>
    within.test(file)
      ? []
      : imports
          .filter((path) => path.startsWith(`${folder}/`) && !shared.test(path))
          .map((path) => `${file} imports ${path}`),
  );
  expect(reading).toEqual([]);
});

test.each(packages.filter((name) => name !== 'cli'))(
  'the exports of %s stand in groups, each under a line that says what it is for',
  (name) => {
    for (const file of [`${name}/src/index.ts`, `${name}/src/core.ts`]) {
      const [, ...chunks] = `\n\n${sources.get(file) ?? ''}`.split(/\n\n+/);
      const groups = chunks.filter((chunk) => chunk !== '' && !chunk.startsWith('/**'));
      const headings = groups.filter((_, i) => i % 2 === 0);
      expect(headings.filter((chunk) => !/^\/\/ [^\n]+$/.test(chunk))).toEqual([]);
      expect(groups.filter((chunk, i) => i % 2 === 1 && !chunk.startsWith('export '))).toEqual([]);
    }
  },
);

/** The functions and classes that a package's index exports, with the comment above each. */
const exportedCode = (name: string) =>
  [...sources.get(`${name}/src/index.ts`)!.matchAll(/^export \{([^}]*)\} from '\.\/(.*?)\.js'/gm)].flatMap(
    ([, names, file]) =>
      names!.split(',').flatMap((exported) => {
        const text = sources.get(`${name}/src/${file}.ts`)!;
        const code = `^((?: \\*.*\n|/\\*\\*.*\n)*)export (?:async )?(?:function\\*?|class) ${exported.trim()}\\b`;
        const found = new RegExp(code, 'm').exec(text);
        return found ? [{ name: exported.trim(), comment: found[1]! }] : [];
      }),
  );

test.each(packages)('each function and class that %s exports has a comment with an example', (name) => {
  const exported = exportedCode(name);
  expect(exported.length).toBeGreaterThan(0);
  expect(exported.filter(({ comment }) => !comment.includes('* @example')).map(({ name }) => name)).toEqual(
    [],
  );
});

/** Names that two packages may have: those of the PJRT C API, which its binding keeps. */
const pjrtNames = ['CompileOptions', 'Device', 'Executable'];

test('a type has its name for itself: no two exported types of one name with two meanings', () => {
  const homes = new Map<string, string[]>();
  for (const [file, text] of sources) {
    if (/\.browser\.ts$|\/browser\//.test(file)) continue; // stands in for a file of Node's, under its names
    for (const [, name] of text.matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm)) {
      homes.set(name!, [...(homes.get(name!) ?? []), file]);
    }
  }
  expect(homes.size).toBeGreaterThan(300);
  const shared = [...homes].filter(
    ([name, files]) =>
      files.filter((file) => !pjrtNames.includes(name) || !file.startsWith('pjrt/')).length > 1,
  );
  expect(shared).toEqual([]);
});

test('a property that may be undefined is passed on as it is, or through defined(…): no spread asks for it', () => {
  const asking = /\.\.\.\(([\w.]+)(?: [!=]== undefined)? (?:&&|\?) \{ (?:\w+: )?\1 \}/;
  expect([...sources].filter(([, text]) => asking.test(text)).map(([file]) => file)).toEqual([]);
});

/** By what one knows a member of a table, and the list that holds them all. */
const lists: Record<string, { member: RegExp; list: RegExp }> = {
  'compile/src/targets': { member: /satisfies Target</, list: /^const list = \[(.*?)\]/ms },
  'masking/src/replace': { member: /: Replacement = /, list: /^export const replacements.*?= \{(.*?)\}/ms },
  'masking/src/select': { member: /: Selection = /, list: /^export const selections.*?= \{(.*?)\}/ms },
  'tokenize/src/formats': { member: /: Format = /, list: /^const byName.*?= \{(.*?)\}/ms },
  'train/src/models': { member: /: MaskedLanguageModel</, list: /^const families = \[(.*?)\]/ms },
};

test.each(Object.entries(lists))('each member of %s is in its one list', (folder, { member, list }) => {
  const index = sources.get(`${folder}/index.ts`)!;
  const [, listed = ''] = list.exec(index) ?? [];
  const members = [...sources].filter(
    ([file, text]) =>
      file.startsWith(`${folder}/`) &&
      !/\/(index|model|model-of)\.ts$|\/web\//.test(file) && // web is the browser's only one
      member.test(text),
  );
  const imported = members.map(([file]) => {
    const path = relative(folder, file).replace(/\.ts$/, '.js');
    const names = new RegExp(`^import \\{ ([^}]+) \\} from '\\./${path}'`, 'm').exec(index)?.[1];
    return { file, names: names?.split(', ') ?? ['?'] };
  });
  expect(imported.length).toBeGreaterThan(1);
  const isListed = (name: string) => new RegExp(`\\b${name}\\b`).test(listed);
  expect(imported.filter(({ names }) => !names.every(isListed))).toEqual([]);
});

test('the engines that training may be told are those of the targets, and compile has no other list', () => {
  const engineOf = (file: string) => /^ {2}engine: '(\w+)'/m.exec(sources.get(file)!)?.[1];
  const targets = [...sources.keys()].filter((file) =>
    /^compile\/src\/targets\/(?!web\/)\w+\/target\.ts$/.test(file),
  );
  const [, choices = ''] = /engine: choice\(\[([^\]]*)\]/.exec(sources.get('train/src/options.ts')!) ?? [];
  expect([...choices.matchAll(/'(\w+)'/g)].map(([, name]) => name).sort()).toEqual(
    [...new Set(targets.map(engineOf))].sort(),
  );
});

/** Where an engine is meant by its name: the order of preference, a flaw of one engine's past, an option of one engine. */
const meantByName = [
  'engines/src/choose.ts',
  'train/src/checkpoint/inexact.ts',
  'train/src/engine/compile-model.ts',
];

test('what an engine can do is asked of its target: no engine is compared by its name', () => {
  const compared = /engine\b[^\n]{0,12}(===|!==) '(onnx|xla|tensorflow|eager)'/;
  const naming = [...sources].filter(
    ([file, text]) =>
      /^(compile|engines|train)\//.test(file) &&
      !meantByName.includes(file) &&
      compared.test(withoutComments(text)),
  );
  expect(naming.map(([file]) => file)).toEqual([]);
});

test('a target is a folder: target.ts, run.ts, and in emit/ files named by kinds of operations or primitives', () => {
  const operations = ['elementwise', 'layout', 'lookup', 'matmul', 'reduction', 'random', 'sums', 'devices'];
  const primitives = [...sources.keys()].flatMap(
    (file) => /^compile\/src\/primitives\/(.*)\.ts$/.exec(file)?.[1] ?? [],
  );
  const kinds = [...operations, ...primitives];
  const joints = ['index', 'builder', 'module', 'emit-graph', 'operation', 'types', 'direct', 'kept'];
  const inTargets = [...sources.keys()].flatMap(
    (file) => /^compile\/src\/targets\/(\w+)\/(.*)$/.exec(file)?.slice(1, 3) ?? [],
  );
  const folders = new Set(inTargets.filter((_, i) => i % 2 === 0));
  for (const folder of folders) {
    for (const part of ['target', 'run'])
      expect([...sources.keys()]).toContain(`compile/src/targets/${folder}/${part}.ts`);
  }
  const emitters = inTargets.flatMap((path) => /^emit\/(.*)\.ts$/.exec(path)?.[1] ?? []);
  expect(emitters.filter((name) => ![...kinds, ...joints].includes(name))).toEqual([]);
});

test('an option is defined in a table: no command hands one to commander by itself', () => {
  const own = [...sources].filter(
    ([file, text]) =>
      file.startsWith('cli/') &&
      !file.startsWith('cli/src/options/') &&
      /\.(option|requiredOption|addOption)\(|new Option\(/.test(withoutComments(text)),
  );
  expect(own.map(([file]) => file)).toEqual([]);
});

test('the way of a batch in CONTRIBUTING: 40 files at most, each imported by another one, started as a thread, or a door of its package', () => {
  const page = readFileSync(join(root, '../CONTRIBUTING.md'), 'utf8');
  const [, way = ''] = /## The way of a batch\n(.*?)\n## /s.exec(page) ?? [];
  const all = [...sources.keys(), 'tokenize/assembly/wordpiece/encoder.ts'];
  let folder = '';
  const files = [...way.matchAll(/`([\w/-]+\.ts)`/g)].map(([, name]) => {
    const [, own] = /^(\w+)\/(src|assembly)\//.exec(name!) ?? [];
    if (own !== undefined) folder = own;
    const file = own === undefined ? `${folder}/src/${name}` : name!;
    expect(all).toContain(file);
    return file;
  });
  expect(files.length).toBeGreaterThan(30);
  expect(files.length).toBeLessThanOrEqual(40);
  const doors = [...graph.keys()].filter((file) => /^\w+\/src\/(index|core|columns|sink)\.ts$/.test(file));
  const known = [...files, ...doors].flatMap((file) => graph.get(file) ?? []);
  const started = [...sources].flatMap(([file, text]) =>
    [...text.matchAll(/entryPoint\(import\.meta\.url, '(.*?)\.js'\)/g)].map(
      ([, path]) => `${join(dirname(file), path!)}.ts`,
    ),
  );
  const exported = packages.flatMap((name) => {
    const manifest = readFileSync(join(root, name, 'package.json'), 'utf8');
    return [...manifest.matchAll(/"types": "\.\/dist\/([\w/-]+)\.d\.ts"/g)].map(
      ([, path]) => `${name}/src/${path}.ts`,
    );
  });
  const unreached = files.filter((file) => ![known, started, exported].some((list) => list.includes(file)));
  // WebAssembly, which encoder/wordpiece.ts instantiates.
  expect(unreached).toEqual(['tokenize/assembly/wordpiece/encoder.ts']);
});
