import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = fileURLToPath(new URL('../../', import.meta.url));
const packages = ['base', 'arrow', 'tokenize', 'masking', 'pjrt', 'compile', 'engines', 'train', 'pages'];

/** Pages of the repository that the site shows where they are; everything else is left out. */
const isPage = (path: string) =>
  path === 'README.md' ||
  /^docs\/(commands\/|api\/(@mlm\/)?)?[^/]+\.md$/.test(path) ||
  /^packages\/[^/]+\/README\.md$/.test(path);

/** That of the pages which `mlm` writes. */
const icon =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='7' fill='%230a5bbd'/><path d='M6 7c4 13 9 15 20 17' fill='none' stroke='white' stroke-width='3.5' stroke-linecap='round'/></svg>";

export default defineConfig({
  title: 'mlm',
  lang: 'en',
  description: 'Prepare text for masked-language-model training and train encoders on it, in TypeScript',
  head: [['link', { rel: 'icon', href: icon }]],
  srcDir: '..',
  outDir: 'site',
  srcExclude: [
    '**/node_modules/**',
    'CONTRIBUTING.md',
    'bench/**',
    'interop/**',
    'examples/**',
    '.changeset/**',
    'docs/site/**',
    '**/CHANGELOG.md',
  ],
  rewrites: (page) => page.replace(/README\.md$/, 'index.md'),
  // Opens from any folder of a static server.
  base: process.env.MLM_DOCS_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    // Code is as readable as the text around it (WCAG AA), light and dark.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (markdown) => markdown.core.ruler.push('repository-links', repositoryLinks),
  },
  // Pages outside this folder find the Vue of this package.
  vite: { resolve: { alias: { vue: fileURLToPath(new URL('../node_modules/vue', import.meta.url)) } } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    notFound: {
      title: 'No such page',
      quote: 'It may have moved. Search for it, or begin with the overview.',
      linkText: 'Overview',
      linkLabel: 'go to the overview',
    },
    nav: [
      { text: 'Commands', link: '/docs/commands/preprocess' },
      { text: 'API', link: '/docs/api/@mlm/train' },
    ],
    sidebar: [
      { text: 'Overview', link: '/' },
      { text: 'Guides', items: pages('docs') },
      { text: 'Commands', items: pages('docs/commands') },
      {
        text: 'Packages',
        items: [...packages, 'cli'].map((name) => ({ text: `@mlm/${name}`, link: `/packages/${name}/` })),
      },
      {
        text: 'API reference',
        items: packages.map((name) => ({ text: `@mlm/${name}`, link: `/docs/api/@mlm/${name}` })),
      },
    ],
  },
});

/** The pages of a folder by their titles. */
function pages(folder: string) {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => ({
      text: /^# (.*)$/m.exec(readFileSync(join(root, folder, name), 'utf8'))?.[1] ?? name,
      link: `/${folder}/${name.replace(/\.md$/, '')}`,
    }));
}

type Rule = Parameters<import('markdown-it').default['core']['ruler']['push']>[1];
type Token = Parameters<Rule>[0]['tokens'][number];

/**
 * Holds every relative link against the repository: one that leads nowhere fails the build, one to a file or folder that
 * is no page of the site becomes its text alone.
 */
const repositoryLinks: Rule = ({ tokens, env }) => {
  const page: string = env.path ?? join(root, env.relativePath);
  for (const { children } of tokens) {
    let plain = false;
    for (const token of children ?? []) {
      if (token.type === 'link_open') plain = !isKept(token, page);
      if (plain && (token.type === 'link_open' || token.type === 'link_close')) {
        token.tag = 'span';
        token.attrs = [];
      }
      if (token.type === 'link_close') plain = false;
    }
  }
};

/** Whether a link leads to a page of the site; one to a folder is made to lead to the folder's page. */
function isKept(token: Token, page: string): boolean {
  const href = token.attrGet('href') ?? '';
  if (/^([a-z]+:|#|\/)/.test(href)) return true;
  const [path = '', hash = ''] = href.split(/(?=#)/);
  const target = resolve(dirname(page), decodeURI(path));
  if (!existsSync(target)) throw new Error(`${relative(root, page)}: the link to ${href} leads nowhere`);
  if (!statSync(target).isDirectory()) return isPage(relative(root, target));
  const index = join(target, 'README.md');
  token.attrSet('href', `${path.replace(/\/?$/, '/')}${hash}`);
  return existsSync(index) && isPage(relative(root, index));
}
