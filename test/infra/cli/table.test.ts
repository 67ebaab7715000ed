import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { shortened, table, widthOf } from '../../../infra/cli/table.ts';
import { printable, terminal } from '../../../infra/cli/terminal.ts';
import { type ServerEvent, serverEvents } from '../../../infra/client/runtime/event-stream.ts';

describe('a table on a terminal', () => {
  const rows = [
    { id: 'cam_001', name: 'Bến Thành Market', why: 'nothing answers at its address' },
    { id: 'c', name: '駅前', why: '' },
  ];
  const columns = [
    { heading: 'ID', cell: (row: (typeof rows)[0]) => row.id },
    { heading: 'NAME', cell: (row: (typeof rows)[0]) => row.name },
    { heading: 'WHY', cell: (row: (typeof rows)[0]) => row.why },
  ];

  it('lines up, also in scripts that are not Latin', () => {
    const lines = table(rows, columns, undefined).split('\n');
    expect(lines[0]).to.equal('ID       NAME              WHY');
    expect(lines[1]).to.equal('cam_001  Bến Thành Market  nothing answers at its address');
    expect(lines[2]).to.equal('c        駅前');
    expect(widthOf('駅前')).to.equal(4);
    expect(widthOf('e\u0302\u0301')).to.equal(1);
  });

  it('fits the window by shortening its last column', () => {
    for (const line of table(rows, columns, 40).split('\n')) expect(widthOf(line)).to.be.at.most(40);
    expect(shortened('nothing answers', 8)).to.equal('nothing…');
  });

  it('lets nobody move the cursor by a name', () => {
    const [, line] = table(
      [{ id: 'a', name: '\u001b[2J\u001b]0;x\u0007', why: '\u202egnp' }],
      columns,
      undefined,
    ).split('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(line).not.to.match(/[\u0000-\u001f\u202e]/);
    expect(printable('a\nb')).to.equal('a\ufffdb');
  });

  it('has colours for a person only, and none for who does not want them', () => {
    const paint = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
      const stream = () => Object.assign(new PassThrough(), { isTTY });
      return terminal({ stdin: stream(), stdout: stream(), stderr: stream(), env }).paint('live', 'good');
    };
    expect(paint(true, {})).to.equal('\u001b[32mlive\u001b[0m');
    expect(paint(false, {})).to.equal('live');
    expect(paint(true, { NO_COLOR: '1' })).to.equal('live');
    expect(paint(true, { TERM: 'dumb' })).to.equal('live');
  });
});

describe('an event stream', () => {
  const read = async (chunks: Uint8Array[]): Promise<ServerEvent[]> => {
    const events: ServerEvent[] = [];
    for await (const event of serverEvents(
      (async function* () {
        yield* chunks;
      })(),
    ))
      events.push(event);
    return events;
  };
  const text = 'retry: 1000\n\n: beat\nid: 4\n\nid: 5\r\ndata: {"a":\rdata: "ế"}\n\nevent: end\ndata: {}\n\n';
  const expected = [
    { id: '4', data: '' },
    { id: '5', data: '{"a":\n"ế"}' },
    { event: 'end', data: '{}' },
  ];

  it('is understood wherever the network cuts it', async () => {
    const bytes = new TextEncoder().encode(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: bytes.length - 1 })), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.slice(at[index], end));
        expect(await read(chunks)).to.deep.equal(expected);
      }),
    );
  });

  it('does not fill the memory with a line that never ends', async () => {
    const endless = Array.from({ length: 20 }, () => new TextEncoder().encode('x'.repeat(100_000)));
    expect(await read(endless).catch((error) => error.message)).to.contain('over a million');
  });
});
