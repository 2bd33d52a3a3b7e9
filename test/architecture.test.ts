/** The import rules of docs/architecture.md section 3, as a test: it is the law, because it also sees cycles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Import {
  readonly file: string;
  readonly line: number;
  readonly typeOnly: boolean;
  /** Path from the root for ours, the bare name for a package. */
  readonly target: string;
}

function filesUnder(folder: string, endings: readonly string[]): string[] {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

const sources = ['src', 'connectors', 'jobs'].flatMap((folder) => filesUnder(folder, ['.ts']));

const statement =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?([^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
  return [...text.matchAll(statement)].map((match) => {
    const name = match[4] ?? match[5] ?? '';
    const target = name.startsWith('.')
      ? relative(root, resolve(root, dirname(file), name))
          .split(sep)
          .join('/')
      : name;
    const line = text.slice(0, (match.index ?? 0) + match[0].length).split('\n').length;
    return { file, line, typeOnly: match[2] !== undefined, target };
  });
}

const all = sources.flatMap(importsOf);
const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
const isOurs = (target: string) =>
  target.startsWith('src/') || target.startsWith('connectors/') || target.startsWith('jobs/');
const featureOf = (path: string) =>
  path.startsWith('src/') && path.split('/').length > 2 ? path.split('/')[1] : undefined;
const say = (found: readonly Import[]) => found.map(({ file, line, target }) => `${file}:${line} imports ${target}`);

function isPure(file: string): boolean {
  return /(^|\/)(model|view-models)\.ts$/.test(file) || /\/(model|view-models)\//.test(file);
}

/** Each feature may import those listed before it on its line; `accounts` stands alone. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  framework: [],
  eligibility: ['framework'],
  catalogue: ['framework', 'eligibility'],
  harvest: ['framework', 'eligibility', 'catalogue'],
  providers: ['framework', 'eligibility', 'catalogue', 'harvest'],
  operations: ['framework', 'eligibility', 'catalogue', 'harvest', 'providers'],
  pathways: ['framework', 'eligibility', 'catalogue'],
  funding: ['framework', 'eligibility', 'catalogue', 'pathways'],
  accounts: [],
};

/** `cli` is an entrance: it wires. `pages` belongs to no feature. */
const technical = new Set(['platform', 'embedded-db', 'demo', 'pages', 'cli']);

describe('architecture', () => {
  it('reads the imports of every source file', () => {
    expect(sources.length).to.be.greaterThan(30);
    expect(all.length).to.be.greaterThan(100);
  });

  it('every import of ours names a file that exists, with its ending', () => {
    const lost = all.filter(({ target }) => isOurs(target) && !existsSync(join(root, target)));
    expect(say(lost)).to.deep.equal([]);
  });

  it('connectors import the contract, the shared parsers and the readers only', () => {
    const found = all.filter(
      ({ file, target }) =>
        file.startsWith('connectors/') &&
        isOurs(target) &&
        dirname(target) !== dirname(file) &&
        target !== 'src/harvest/connector.ts' &&
        target !== 'src/errors.ts' &&
        !target.startsWith('src/harvest/parse/') &&
        !/^src\/platform\/read-[a-z]+\.ts$/.test(target),
    );
    expect(say(found)).to.deep.equal([]);
  });

  it('shared parsers import nothing of ours but each other', () => {
    const found = all.filter(
      ({ file, target }) =>
        file.startsWith('src/harvest/parse/') && isOurs(target) && !target.startsWith('src/harvest/parse/'),
    );
    expect(say(found)).to.deep.equal([]);
  });

  it('the embedded database knows nothing of the platform, and only platform/mongo.ts and the command line load it', () => {
    const outward = all.filter(
      ({ file, target }) =>
        file.startsWith('src/embedded-db/') && isOurs(target) && !target.startsWith('src/embedded-db/'),
    );
    const inward = all.filter(
      ({ file, target }) =>
        !file.startsWith('src/embedded-db/') &&
        target.startsWith('src/embedded-db/') &&
        file !== 'src/platform/mongo.ts',
    );
    expect(say([...outward, ...inward])).to.deep.equal([]);
  });

  it('platform files hold no business word: they import errors and each other', () => {
    const found = all.filter(
      ({ file, target }) =>
        file.startsWith('src/platform/') &&
        isOurs(target) &&
        target !== 'src/errors.ts' &&
        !target.startsWith('src/platform/') &&
        !(file === 'src/platform/mongo.ts' && target.startsWith('src/embedded-db/')),
    );
    expect(say(found)).to.deep.equal([]);
  });

  it('models and view models are pure', () => {
    const found = all.filter(({ file, target }) => {
      if (!isPure(file)) return false;
      if (!isOurs(target)) return target !== 'zod' && !(file.includes('view-models') && target.startsWith('node:url'));
      return (
        !isPure(target) &&
        ![
          'src/rights.ts',
          'src/errors.ts',
          'src/nir.ts',
          'src/harvest/words.ts',
          'src/platform/web/format.ts',
          'src/platform/web/pager.ts',
          'src/platform/web/forms.ts',
        ].includes(target) &&
        target !== 'src/catalogue/search/course-index.ts'
      );
    });
    expect(say(found)).to.deep.equal([]);
    const impure = sources
      .filter((file) => isPure(file) && file.startsWith('src/'))
      .filter((file) => /Date\.now\(|Math\.random\(|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')));
    expect(impure, 'clock or chance in a model').to.deep.equal([]);
  });

  it('use cases take stores as values', () => {
    const found = all.filter(
      ({ file, target, typeOnly }) =>
        /\/use-cases(\.ts$|\/)/.test(file) && /\/store(\.ts$|\/)/.test(target) && !typeOnly,
    );
    expect(say(found)).to.deep.equal([]);
  });

  it('no feature reaches into the stores, routes or view models of another', () => {
    const kinds = /\/(store|routes|api|view-models)(\.ts$|\/)/;
    const found = all.filter(({ file, target, typeOnly }) => {
      const from = featureOf(file);
      const to = featureOf(target);
      if (from === undefined || to === undefined || from === to || technical.has(from) || technical.has(to))
        return false;
      const kind = (path: string) => kinds.exec(path)?.[1];
      return kind(file) !== undefined && kind(file) === kind(target) && !(typeOnly && kind(file) === 'store');
    });
    expect(say(found)).to.deep.equal([]);
  });

  it('features form a line without cycles', () => {
    const found = all.filter(({ file, target }) => {
      const from = featureOf(file);
      const to = featureOf(target);
      if (from === undefined || to === undefined || from === to || technical.has(from) || technical.has(to))
        return false;
      // A worker is an entrance, like cli.ts: it wires.
      if (/^src\/(?:harvest|catalogue\/search)\/worker\.ts$/.test(file)) return false;
      return !(mayImport[from] ?? []).includes(to);
    });
    expect(say(found)).to.deep.equal([]);
  });

  it('the modules of src/platform have no cycle', () => {
    const edges = new Map<string, string[]>();
    for (const { file, target, typeOnly } of all) {
      if (typeOnly || !file.startsWith('src/platform/') || !target.startsWith('src/platform/')) continue;
      edges.set(file, [...(edges.get(file) ?? []), target]);
    }
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) {
        cycles.push([...path, file].join(' -> '));
        return;
      }
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).to.deep.equal([]);
  });

  const only: readonly { readonly packages: readonly string[]; readonly where: RegExp }[] = [
    {
      packages: ['mongoose', 'mongodb'],
      where:
        /^src\/(?:[a-z-]+\/(?:registry\/)?(?:store(?:\.ts|\/[a-z-]+\.ts))|platform\/(?:mongo|lock|schedule)\.ts|app\.ts)$/,
    },
    { packages: ['lmdb', 'bson'], where: /^src\/embedded-db\// },
    {
      packages: [
        'express',
        'handlebars',
        'helmet',
        'compression',
        'express-rate-limit',
        'express-session',
        'connect-mongo',
        'csrf-sync',
        'passport',
      ],
      where: /^src\/(?:[a-z-]+\/(?:registry\/)?(?:routes|api)(?:\.ts|\/[a-z-]+\.ts)|platform\/web\/[a-z-]+\.ts)$/,
    },
    { packages: ['axios', 'ipaddr.js'], where: /^src\/platform\/http[a-z-]*\.ts$/ },
    { packages: ['robots-parser'], where: /^src\/platform\/robots\.ts$/ },
    { packages: ['sax', 'xml2js'], where: /^src\/platform\/read-xml\.ts$/ },
    { packages: ['csv-parse'], where: /^src\/platform\/read-csv\.ts$/ },
    { packages: ['yauzl'], where: /^src\/platform\/read-zip\.ts$/ },
    { packages: ['@streamparser/json'], where: /^src\/platform\/read-json\.ts$/ },
    { packages: ['sanitize-html'], where: /^src\/harvest\/parse\/html\.ts$/ },
    { packages: ['commander'], where: /^src\/(?:cli\.ts|cli\/)/ },
    { packages: ['nodemailer'], where: /^src\/platform\/mail\.ts$/ },
    { packages: ['openid-client'], where: /^src\/platform\/oidc[a-z-]*\.ts$/ },
    { packages: ['@node-rs/argon2'], where: /^src\/platform\/password-hash\.ts$/ },
    { packages: ['@fastify/busboy'], where: /^src\/platform\/web\/upload\.ts$/ },
    { packages: ['otpauth'], where: /^src\/platform\/one-time-code\.ts$/ },
    { packages: ['node-cron'], where: /^src\/platform\/schedule\.ts$/ },
    { packages: ['@asteasolutions/zod-to-openapi'], where: /^src\/platform\/web\/openapi\.ts$/ },
    { packages: ['jose'], where: /^src\/platform\/signature\.ts$/ },
    { packages: ['dataloader'], where: /^src\/platform\/joined-reads\.ts$/ },
    { packages: ['pino'], where: /^src\/platform\/log\.ts$/ },
  ];

  for (const { packages, where } of only) {
    it(`${packages.join(', ')} only where the map says`, () => {
      const found = all.filter(
        ({ file, target, typeOnly }) =>
          packages.includes(packageOf(target)) && !where.test(file) && !(typeOnly && packages.includes('mongoose')),
      );
      expect(say(found)).to.deep.equal([]);
    });
  }

  it('only config.ts reads the environment', () => {
    const found = sources.filter(
      (file) => file !== 'src/config.ts' && /process\.env\b/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(found).to.deep.equal([]);
  });

  it('no file is named after nothing, no default export outside connectors and jobs, no silenced check', () => {
    const vague = sources.filter((file) => /(^|\/)(utils?|helpers?|common|manager|service)(\.ts$|\/)/.test(file));
    expect(vague).to.deep.equal([]);
    const defaults = sources.filter(
      (file) => file.startsWith('src/') && /^export default/m.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(defaults).to.deep.equal([]);
    const silenced = [...sources, ...filesUnder('test', ['.ts'])]
      .filter((file) => file !== 'test/architecture.test.ts')
      .filter((file) =>
        /as any\b|@ts-(ignore|expect-error|nocheck)|biome-ignore/.test(readFileSync(join(root, file), 'utf8')),
      );
    expect(silenced).to.deep.equal([]);
  });

  it('the repository names no machine path, registry host or secret', () => {
    const texts = ['src', 'connectors', 'jobs', 'scripts', 'docs', 'bench', 'test', 'views'].flatMap((folder) =>
      filesUnder(folder, ['.ts', '.mjs', '.md', '.json', '.hbs', '.css']),
    );
    const forbidden = /registry\.npmjs|\/home\/[a-z]|\/root\/|-----BEGIN [A-Z ]*PRIVATE KEY/;
    const found = texts
      .filter((file) => file !== 'test/architecture.test.ts')
      .filter((file) => forbidden.test(readFileSync(join(root, file), 'utf8')));
    expect(found).to.deep.equal([]);
  });
});
