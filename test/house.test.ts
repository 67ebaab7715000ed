import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

const root = path.resolve(import.meta.dirname, '..');
const FLOORS = ['bus', 'machines', 'adapters', 'actors', 'infra'];

/** A source file and what it imports. */
interface Source {
  file: string;
  text: string;
  /** Files of this house, as paths from the root. */
  imports: string[];
  packages: string[];
}

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => path.posix.join(folder, file));
}

function read(file: string): Source {
  const text = readFileSync(path.join(root, file), 'utf8');
  const statements = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms)];
  const sideEffects = [...text.matchAll(/(?:^import\s+|import\()'([^']+)'/gm)];
  const named = [
    ...statements.map(([, target]) => ({ target: target ?? '' })),
    ...sideEffects.map(([, target]) => ({ target: target ?? '' })),
  ];
  const own = (list: typeof named) =>
    list
      .filter(({ target }) => target.startsWith('.'))
      .map(({ target }) => path.posix.normalize(path.posix.join(path.posix.dirname(file), target)));
  return {
    file,
    text,
    imports: own(named),
    packages: named.filter(({ target }) => !target.startsWith('.')).map(({ target }) => target),
  };
}

const house = FLOORS.flatMap(sourceFiles).map(read);
const floorOf = (file: string): number => FLOORS.indexOf(file.split('/')[0] ?? '');
const inFloor = (floor: string): Source[] => house.filter(({ file }) => file.startsWith(`${floor}/`));
const packageUsers = (name: RegExp): string[] =>
  house.filter(({ packages }) => packages.some((one) => name.test(one))).map(({ file }) => file);
const inBrowser = (file: string): boolean => file.startsWith('adapters/browser/');

describe('the house', () => {
  it('has floors, and imports go down only', () => {
    const climbing = house.flatMap(({ file, imports }) =>
      imports.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} → ${target}`),
    );
    expect(climbing).to.deep.equal([]);
  });

  it('has no import circles, not even of types', () => {
    const graph = new Map(house.map(({ file, imports }) => [file, imports]));
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, trail: string[]) => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (done.has(file) || trail.includes(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
      done.add(file);
    };
    for (const file of graph.keys()) walk(file, []);
    expect(circles).to.deep.equal([]);
  });

  it('has pure machines: xstate, the vocabulary and themselves, no clock, no chance, no effects', () => {
    const faults = inFloor('machines').flatMap(({ file, imports, packages, text }) => [
      ...imports
        .filter((target) => !target.startsWith('machines/') && !target.startsWith('bus/events/'))
        .map((target) => `${file} imports ${target}`),
      ...packages.filter((name) => name !== 'xstate').map((name) => `${file} imports ${name}`),
      ...(/Date\.now|Math\.random|setTimeout|setInterval|console\.|performance\.now|\bafter:/.test(text)
        ? [`${file} reads a clock, draws chance or acts`]
        : []),
    ]);
    expect(faults).to.deep.equal([]);
  });

  it('keeps xstate out of adapters, and adapters apart from machines but for the slots', () => {
    // The adaptive peers are a process of its own, which no question to a machine could steer in time.
    const decides = (file: string) => file.startsWith('adapters/peer.wrtc/');
    const allowed = (file: string) => (decides(file) ? /^machines\/policy\// : /^machines\/slots\.ts$/);
    const faults = inFloor('adapters').flatMap(({ file, imports, packages }) => [
      ...packages.filter((name) => name.startsWith('xstate')).map((name) => `${file} imports ${name}`),
      ...imports
        .filter((target) => target.startsWith('machines/') && !allowed(file).test(target))
        .map((target) => `${file} imports ${target}`),
    ]);
    expect(faults).to.deep.equal([]);
  });

  it('lets one place know each technology', () => {
    const elsewhere = (users: string[], allowed: RegExp) => users.filter((file) => !allowed.test(file));
    expect(elsewhere(packageUsers(/^(nats|@nats-io\/.*)$/), /^(bus\/carriers\/nats[./]|infra\/)/)).to.deep.equal([]);
    expect(elsewhere(packageUsers(/^ioredis$/), /^bus\/carriers\/redis\.ts$/)).to.deep.equal([]);
    expect(elsewhere(packageUsers(/^fluent-ffmpeg$/), /^adapters\/ffmpeg\.ts$/)).to.deep.equal([]);
    // Loaded only where traces are wanted: none but types are imported.
    expect(packageUsers(/^@opentelemetry\//)).to.deep.equal(['adapters/traces.otlp.ts']);
    expect(elsewhere(packageUsers(/^maxmind$/), /^adapters\/places\.maxmind\.ts$/)).to.deep.equal([]);
    expect(
      house.filter(({ file, text }) => text.includes("'@roamhq/wrtc'") && file !== 'adapters/peer.wrtc/wrtc.ts'),
    ).to.deep.equal([]);
    expect(elsewhere(packageUsers(/^xstate/), /^(machines|actors)\//)).to.deep.equal([]);
    expect(elsewhere(packageUsers(/^fastify|^@fastify/), /^infra\/http\//)).to.deep.equal([]);
  });

  it('spells subjects in one file', () => {
    // Samples stand for programs of others, who have nothing but the interface.
    const may = (file: string) => file === 'bus/subjects.ts' || file.startsWith('infra/samples/');
    const faults = house.filter(({ file, text }) => !may(file) && /['"`]sbx\.v1/.test(text));
    expect(faults.map(({ file }) => file)).to.deep.equal([]);
  });

  it('reads no clock and sets no timer in actors: time comes from outside', () => {
    const faults = inFloor('actors').filter(({ text }) =>
      /Date\.now|setTimeout|setInterval|performance\.now/.test(text),
    );
    expect(faults.map(({ file }) => file)).to.deep.equal([]);
  });

  it('reads the environment in the configuration and set-up only', () => {
    const allowed =
      /^infra\/(config\.ts|config\/|binaries\.ts|setup\.mjs|setup\/|launcher\.ts|launcher\/|cli\.ts|cli\/|gateway\.ts)/;
    const faults = house.filter(({ file, text }) => !allowed.test(file) && /process\.env/.test(text));
    expect(faults.map(({ file }) => file)).to.deep.equal([]);
  });

  it('has no barrels, no drawers called utils or helpers, no universal types file', () => {
    const named = house.filter(({ file }) => /(^|\/)(utils?|helpers?|types|common|misc|index)\.(ts|tsx)$/.test(file));
    const reexporting = house.filter(({ text }) => /^export\s+(\*|\{[^}]*\})\s+from/m.test(text));
    expect([...named, ...reexporting].map(({ file }) => file)).to.deep.equal([]);
  });

  it('has no file that nothing uses', () => {
    const used = new Set([...house, ...sourceFiles('test').map(read)].flatMap(({ imports }) => imports));
    const manifest = ['package.json', 'infra/Dockerfile', 'README.md']
      .map((file) => readFileSync(path.join(root, file), 'utf8'))
      .join();
    const mentioned = (file: string) =>
      manifest.includes(file) ||
      house.some(({ text, file: other }) => other !== file && text.includes(path.posix.basename(file)));
    const dead = house.filter(({ file }) => !inBrowser(file) && !used.has(file) && !mentioned(file));
    expect(dead.map(({ file }) => file)).to.deep.equal([]);
  });

  it('keeps the top level to what the design names', () => {
    const allowed = new Set([
      ...['actors', 'machines', 'bus', 'adapters', 'infra', 'test'],
      ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json'],
      ...['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md'],
    ]);
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
    const top = new Set(tracked.map((file) => file.split('/')[0] ?? ''));
    expect([...top].filter((name) => !name.startsWith('.') && !allowed.has(name))).to.deep.equal([]);
  });

  it('tells on each floor what lives there: every file and folder of its top, and none that is not there', () => {
    const faults = FLOORS.flatMap((floor) => {
      const text = readFileSync(path.join(root, floor, 'README.md'), 'utf8');
      const there = readdirSync(path.join(root, floor), { recursive: true, encoding: 'utf8' });
      const top = there.filter((file) => !file.includes(path.sep) && /^[^.]+$|\.tsx?$/.test(file));
      const isFolder = (name: string) => statSync(path.join(root, floor, name)).isDirectory();
      const untold = top.filter((name) => !text.includes(isFolder(name) ? `${name}/` : name));
      const rows = [...text.matchAll(/^\| (`[^|]+) \|/gm)].map(([, names = '']) => names);
      const named = rows.flatMap((row) => [...row.matchAll(/`(?!STATE)([\w./-]+\.(?:ts|mjs|yaml)|[\w./-]+\/)`/g)]);
      const gone = named
        .map(([, name = '']) => name.replace(/\/$/, ''))
        .filter((name) => !there.some((file) => file === name || file.endsWith(`/${name}`)));
      return [
        ...untold.map((name) => `${floor}/${name} is not told`),
        ...gone.map((name) => `${floor}: ${name} is gone`),
      ];
    });
    expect(faults).to.deep.equal([]);
  });
});
