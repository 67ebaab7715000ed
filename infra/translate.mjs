import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Plain JavaScript, because it is what makes TypeScript start quickly.

const root = fileURLToPath(new URL('..', import.meta.url));
/** Inside the repository, because packages are looked for from there; the only folder there that is written to. */
const folder = path.join(root, '.build/run');
/** Part of every translation: how it is made, and the versions of the packages in it. */
const ALWAYS = ['infra/translate.mjs', 'package-lock.json'];
/**
 * Packages that look for files beside themselves stay where they are. All others are taken in: finding and reading their
 * two thousand files takes longer than running them.
 */
const STAY = /^(@roamhq\/wrtc|esbuild|fluent-ffmpeg|pino|tsx|vite)(\/|$)/;
/** What packages of the older kind are written for. Its dot is escaped, as the place in it is that of the translation. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta\x2eurl);";
/**
 * Of a package a stack tells the file and no line: a map of all its lines would take longer to read at each start than
 * the package itself.
 */
function unlined(file) {
  const map = JSON.stringify({ version: 3, sources: [path.basename(file)], mappings: 'AAAA' });
  const own = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  return `${own}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}

const hashOf = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
};

/** What a translation of these files is called while they are as they are. */
const nameOf = (files) =>
  `${hashOf(...[...files, ...ALWAYS].flatMap((file) => [file, readFileSync(path.join(root, file))]))}.mjs`;

/** Where the translations of a script are: of its present sources, and the list of those. */
const placeOf = (script) => path.join(folder, hashOf(path.resolve(root, script), String(process.getuid?.())));
const sourcesOf = (script) => path.join(placeOf(script), 'sources.json');

/** The translation that is there, unless a source has changed since. */
function kept(script) {
  try {
    const file = path.join(placeOf(script), nameOf(JSON.parse(readFileSync(sourcesOf(script), 'utf8'))));
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined; // never translated, or of a source that is gone
  }
}

/** A translated file still finds what lies beside its source. */
const places = {
  name: 'places',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: STAY }, ({ path: name }) => ({ path: name, external: true }));
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, ({ path: file }) => ({ contents: unlined(file) }));
    onLoad({ filter: /\.(ts|mjs)$/ }, ({ path: file }) => {
      const place = { dirname: path.dirname(file), url: pathToFileURL(file).href };
      // Written so that this line itself is left alone: it is part of the launcher, which translates the others.
      const contents = readFileSync(file, 'utf8').replace(/import\.meta\.(dirname|url)/g, (_, which) =>
        JSON.stringify(place[which]),
      );
      return { loader: file.endsWith('.ts') ? 'ts' : 'js', contents };
    });
  },
};

/** Writes in one go, so that a launcher that starts at the same time finds the old file or the new one. */
function write(file, text) {
  const made = `${file}.${randomUUID()}`;
  writeFileSync(made, text);
  renameSync(made, file);
}

async function build(scripts) {
  for (const script of scripts) mkdirSync(placeOf(script), { recursive: true });
  const { build, stop } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: scripts.map((script) => ({
      in: path.resolve(root, script),
      out: path.join(path.basename(placeOf(script)), 'program'),
    })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    banner: { js: REQUIRE },
    logLevel: 'silent',
    plugins: [places],
  });
  await stop();
  for (const script of scripts) {
    const program = path.join(placeOf(script), 'program.mjs');
    const sources = Object.keys(metafile.outputs[path.relative(root, program)].inputs).filter(
      (file) => !file.startsWith('node_modules/'),
    );
    const name = nameOf(sources);
    write(path.join(placeOf(script), name), outputFiles.find((file) => file.path === program).text);
    write(sourcesOf(script), JSON.stringify(sources));
    for (const old of readdirSync(placeOf(script))) {
      if (old.endsWith('.mjs') && old !== name) rmSync(path.join(placeOf(script), old), { force: true });
    }
  }
}

/**
 * Translates TypeScript programs into one file of JavaScript each, unless that was done since their sources changed.
 * @param scripts their paths, absolute or from the root of the repository
 * @returns the files to run, in the same order
 * @throws Error when they have a fault, or nothing can be written
 */
export async function translate(scripts) {
  const stale = scripts.filter((script) => !kept(script));
  if (stale.length > 0) await build(stale);
  return scripts.map((script) => {
    const file = kept(script);
    if (!file) throw new Error(`${script} was changed while it was translated: try again`);
    return file;
  });
}

/** Imports a TypeScript program: translated where it can be, otherwise through tsx, which takes a second longer. */
export async function load(script) {
  const [file] = await translate([script]).catch(() => []);
  if (file) {
    process.setSourceMapsEnabled(true);
    return import(pathToFileURL(file).href);
  }
  const { register } = await import('tsx/esm/api');
  register();
  return import(pathToFileURL(path.resolve(root, script)).href);
}
