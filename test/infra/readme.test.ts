import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { command } from '../fixtures/command-line.ts';

const root = path.resolve(import.meta.dirname, '../..');
const DOCUMENTS = [
  'README.md',
  'infra/README.md',
  'infra/Dockerfile',
  'infra/signalbox.service',
  'infra/compose.yaml',
  'infra/client/README.md',
];
/** A command line of ours, up to where the shell, the code span or the comment takes over. */
const LINE = /(?:npm run (?:-s )?signalbox --|node infra\/signalbox\.mjs|`signalbox) ([^`#|>&;)\n]+)/g;

/** Every command that the documents show, once. */
const shown = [
  ...new Set(
    DOCUMENTS.flatMap((name) =>
      [...readFileSync(path.join(root, name), 'utf8').matchAll(LINE)].map(([, line = '']) => line.trim()),
    ),
  ),
];

/** What leads from one place of the README to another, or to a file. */
const LINKS = /\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)/g;
/** The name by which a heading is led to (https://github.com/gjtorikian/html-pipeline, its anchors). */
const anchorOf = (heading: string): string =>
  `#${heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')}`;

/** A row of a table of what was measured. */
interface Row {
  bench: string;
  rest: string;
}

/** The rows of such tables; those of one bench stand below its name. */
function rowsOf(text: string): Row[] {
  let bench = '';
  const rows: Row[] = [];
  for (const [, name, rest = ''] of text.matchAll(/^\| (?:`([\w-]+)` )?(\|(?: [^|]*\|){5})$/gm)) {
    bench = name ?? bench;
    rows.push({ bench, rest });
  }
  return rows;
}

describe('the README', () => {
  const text = readFileSync(path.join(root, 'README.md'), 'utf8');

  it('leads nowhere that is not there', () => {
    const headings = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
    const links = [...text.matchAll(LINKS)];
    const lost = links.filter(([, file, anchor]) => {
      if (file) return !existsSync(path.join(root, file));
      return anchor !== undefined && !headings.has(anchor);
    });
    expect(lost.map(([link]) => link)).to.deep.equal([]);
    expect(links.length).to.be.greaterThan(30);
  });

  it('says near its top where to read on, for whoever looks: every chapter is led to', () => {
    const [, where = ''] = /^## Where to read$([\s\S]*?)^## /m.exec(text) ?? [];
    const chapters = [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
    const passed = chapters.filter((heading) => !where.includes(`(${anchorOf(heading)})`));
    expect(passed).to.deep.equal(['Where to read', 'More']);
    expect(text.slice(0, text.indexOf('## Where to read')).split('\n').length).to.be.lessThan(12);
  });

  it('shows figures as they stand in the table of all that was measured, and names each bench that misses an aim', () => {
    const [, measured = ''] = /^## Measured$([\s\S]*?)^## /m.exec(text) ?? [];
    const all = rowsOf(readFileSync(path.join(root, 'test/bench/README.md'), 'utf8'));
    const rows = rowsOf(measured);
    const asMeasured = (row: Row) => all.some(({ bench, rest }) => bench === row.bench && rest === row.rest);
    expect(rows.filter((row) => !asMeasured(row))).to.deep.equal([]);
    expect(rows.length).to.be.greaterThan(10);
    const missing = all.filter(({ rest }) => /\| [^|]*\b(no|p50)\b[^|]* \|$/.test(rest)).map(({ bench }) => bench);
    const [, missed = ''] = /^Missed are aims of (.*)$/m.exec(measured) ?? [];
    expect([...missed.matchAll(/`([\w-]+)`/g)].map(([, bench]) => bench)).to.deep.equal([...new Set(missing)]);
  });

  it('tells integrators on one screen what there is', () => {
    const [, overview = ''] = /^## Integrating$([\s\S]*?)^### /m.exec(text) ?? [];
    expect(overview.trim().split('\n').length).to.be.within(10, 20);
    for (const one of [
      '/openapi.json',
      '/asyncapi.json',
      'infra/samples/dashboard.mjs',
      'Last-Event-ID',
      'poster.jpg',
    ]) {
      expect(overview).to.contain(one);
    }
  });
});

describe('the commands that the documents show', () => {
  it('are found', () => expect(shown.length).to.be.greaterThan(50));

  it('are there, with every option that they are shown with', async () => {
    const faults: string[] = [];
    for (const line of shown) {
      const words = line.split(/\s+/);
      const until = words.findIndex((word) => !/^[a-z]/.test(word));
      const named = words.slice(0, until === -1 ? words.length : until);
      // What follows a command's name may be an argument in small letters: the longest name that there is counts.
      let help = '';
      for (let length = Math.min(named.length, 3); length > 0 && !help; length -= 1) {
        const { code, out } = await command([...named.slice(0, length), '--help']);
        const name = named.slice(0, length).join(' ');
        if (code === 0 && out.startsWith(`Usage: signalbox ${name} `)) help = out;
      }
      const options = words.filter((word) => /^-{1,2}[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''));
      if (!help) faults.push(`${line}: there is no such command`);
      for (const option of options) {
        if (!new RegExp(`(^|[\\s,])${option}([\\s,=]|$)`, 'm').test(help)) faults.push(`${line}: no ${option}`);
      }
    }
    expect(faults).to.deep.equal([]);
  });
});
