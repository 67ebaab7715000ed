import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { compile } from '../../infra/launcher/compile.ts';
import { translate } from '../../infra/translate.mjs';
import { run } from '../fixtures/process.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('processes that are translated before they start', () => {
  let folder: string;
  beforeEach(() => {
    mkdirSync(path.join(root, '.build'), { recursive: true });
    folder = mkdtempSync(path.join(root, '.build/compile-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = async (file: string): Promise<string> => {
    const running = run(process.execPath as `/${string}`, ['--enable-source-maps', file]);
    await new Promise((resolve) => running.child.once('close', resolve));
    return running.output();
  };

  it('find their packages and the files beside their source, and name the source in a stack', async () => {
    const source = path.join(folder, 'source');
    mkdirSync(source);
    writeFileSync(path.join(source, 'beside.ts'), 'export const here: string = import.meta.dirname;\n');
    writeFileSync(
      path.join(source, 'main.ts'),
      `import { here } from './beside.ts';
import { parse } from 'yaml';
const read: unknown = parse('a: 1');
console.log(here, new URL('x', import.meta.url).pathname, JSON.stringify(read));
throw new Error('as expected');
`,
    );
    const { main } = await compile({ main: path.join(source, 'main.ts') }, path.join(folder, 'out'), () => {});
    expect(main).to.equal(path.join(folder, 'out/main.mjs'));
    const said = await start(main);
    expect(said).to.contain(`${source} ${source}/x {"a":1}`);
    expect(said).to.match(/main\.ts:5/);
  });

  it('find them as well when it is a translated launcher that has them translated', async () => {
    const script = path.join(folder, 'main.ts');
    writeFileSync(script, 'console.log(import.meta.dirname, import.meta.url);\n');
    const [itself = ''] = await translate(['infra/translate.mjs']);
    const [file = ''] = await (await import(itself)).translate([script]);
    expect(await start(file)).to.equal(`${folder} ${pathToFileURL(script).href}\n`);
    for (const one of [itself, file]) rmSync(path.dirname(one), { recursive: true });
  });

  it('are translated once, and anew when one of their sources has changed', async () => {
    const script = path.join(folder, 'main.ts');
    const said = path.join(folder, 'said.ts');
    writeFileSync(script, "import { said } from './said.ts';\nconsole.log(said);\n");
    writeFileSync(said, "export const said: string = 'first';\n");
    const [first = ''] = await translate([script]);
    expect(await start(first)).to.equal('first\n');
    const writtenAt = statSync(first).mtimeMs;
    expect(await translate([script])).to.deep.equal([first]);
    expect(statSync(first).mtimeMs).to.equal(writtenAt);

    const { main } = await compile({ main: script }, path.join(folder, 'out'), () => {});
    writeFileSync(said, "export const said: string = 'second';\n");
    const [second = ''] = await translate([script]);
    expect(await start(second)).to.equal('second\n');
    expect(existsSync(first), 'the old one is gone').to.equal(false);
    expect(await start(main), 'what was launched before').to.equal('first\n');
    rmSync(path.dirname(second), { recursive: true });
  });

  it('are run as they are when they can not be translated, so that Node tells what is wrong', async () => {
    const broken = path.join(folder, 'broken.ts');
    writeFileSync(broken, 'const = ;\n');
    const said: string[] = [];
    const out = path.join(folder, 'out');
    expect(await compile({ broken }, out, (line) => said.push(line))).to.deep.equal({ broken });
    expect(said.join()).to.contain('run without being translated');
  });
});
