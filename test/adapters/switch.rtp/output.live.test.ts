import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { MediaTrack } from '../../../adapters/rtsp/sdp.ts';
import { keepOutput, type Output, type OutputStanding } from '../../../adapters/switch.rtp/output.ts';
import { makeRtp } from '../../../adapters/switch.rtp/rtp.ts';
import { keepSource, type Source } from '../../../adapters/switch.rtp/source.ts';
import { until } from '../../fixtures/process.ts';

const VIDEO: MediaTrack = { media: 'video', encoding: 'H264', payloadType: 96, clockRate: 90_000, control: '' };

/** An RTSP server that says yes to everything, and reads on only when it is let. */
async function startListener() {
  const sockets: net.Socket[] = [];
  let received = Buffer.alloc(0);
  const server = net.createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      const cseqs = [...text.matchAll(/^[A-Z_]+ rtsp\S+ RTSP\/1\.0\r\nCSeq: (\d+)/gm)];
      for (const [, cseq] of cseqs) socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nSession: 1\r\n\r\n`);
      if (cseqs.length === 0) received = Buffer.concat([received, chunk]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `rtsp://127.0.0.1:${(server.address() as net.AddressInfo).port}/cam?token=secret`,
    sockets,
    /** First payload bytes of the packets that arrived. */
    packets() {
      const kinds: string[] = [];
      for (let at = 0; at + 4 <= received.length; at += 4 + received.readUInt16BE(at + 2))
        kinds.push(String.fromCharCode(received[at + 16] ?? 0));
      return kinds;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

let sequence = 0;
const packet = (kind: string, bytes = 1_400) => {
  sequence = (sequence + 1) & 0xffff;
  const stamp = { channel: 0, payloadType: 96, sequence, timestamp: sequence * 3_000, ssrc: 1 };
  return makeRtp(Buffer.alloc(bytes, kind, 'latin1'), stamp);
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds: what it has let go of is not counted, though it may take memory for a while. */
function heldBytes(): number {
  collectGarbage();
  // What the first has found is given back by the second at the latest.
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('publishing to a relay', () => {
  let listener: Awaited<ReturnType<typeof startListener>>;
  let output: Output;
  const standings: OutputStanding[] = [];

  beforeEach(async () => {
    standings.length = 0;
    listener = await startListener();
    output = keepOutput('relay-1', 'Gate', listener.url, (standing) => standings.push(standing));
    output.publish([VIDEO]);
    await until('the output to be up', () => standings.at(-1)?.state === 'up');
  });
  afterEach(() => {
    output.close();
    listener.close();
  });

  it('starts with a key frame', async () => {
    for (const kind of ['x', 'K', 'y']) output.writeVideo(packet(kind), kind === 'K');
    output.flush();
    await until('packets', () => listener.packets().length === 2);
    expect(listener.packets()).to.deep.equal(['K', 'y']);
  });

  it('drops pictures of a relay that does not take them, up to the next key frame, and holds little', async () => {
    listener.sockets[0]?.pause();
    const before = heldBytes();
    output.writeVideo(packet('K'), true);
    for (let index = 0; index < 60_000; index += 1) {
      output.writeVideo(packet('p'), false);
      if (index % 100 === 0) output.flush();
    }
    output.flush();
    // Garbage of 84 MB that were offered goes in its own time.
    await until('it to hold little', () => heldBytes() - before < 20_000_000, 1_500);
    listener.sockets[0]?.resume();
    let taken = -1;
    await until('the rest to drain', async () => {
      const now = listener.packets().length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const done = now === taken;
      taken = now;
      return done;
    });
    output.writeVideo(packet('p'), false);
    output.writeVideo(packet('K'), true);
    output.writeVideo(packet('q'), false);
    output.flush();
    await until('the picture after the gap', () => listener.packets().at(-1) === 'q');
    expect(listener.packets().slice(taken)).to.deep.equal(['K', 'q']);
    expect(standings.map(({ state }) => state)).to.deep.equal(['up']);
  });

  it('tells why it is down without telling the token, and comes up again by itself', async () => {
    listener.sockets[0]?.write('HTTP/1.1 200 OK\r\n\r\n');
    await until('down', () => standings.at(-1)?.state === 'down');
    expect(standings.at(-1)?.detail).to.include('RTSP').and.not.include('secret');
    await until('up', () => standings.at(-1)?.state === 'up');
  });
});

describe('reading from a broken relay', () => {
  const stands: string[] = [];
  let source: Source;
  let server: net.Server;
  afterEach(() => {
    source.close();
    server.close();
  });

  const replies: Record<string, string> = {
    'that speaks something else': 'SSH-2.0-server\r\n',
    'whose header never ends': `RTSP/1.0 200 OK\r\nX: ${'x'.repeat(100_000)}`,
    'that announces an endless body': 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n',
    'that offers no picture': 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n',
  };
  for (const [title, reply] of Object.entries(replies)) {
    it(`goes on trying one ${title}`, async () => {
      let calls = 0;
      server = net.createServer((socket) => {
        calls += 1;
        socket.on('error', () => {}).on('data', () => socket.write(reply));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `rtsp://127.0.0.1:${(server.address() as net.AddressInfo).port}/in?token=secret`;
      source = keepSource('0', url, 900, {
        standing: ({ state }) => stands.push(state),
        tracks() {},
        moved() {},
        packet() {},
        batch() {},
        late() {},
      });
      await until('several attempts', () => calls >= 3);
      expect(source.standing().state).to.equal('opening');
      expect(source.standing().detail).to.be.a('string').and.not.include('secret');
    });
  }

  it('passes nothing on that is not a proper packet', async () => {
    // A slice of a key picture, from its first block on.
    const KEY = Buffer.of(0x65, 0x88).toString('latin1');
    const sdp =
      'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=Z0LAH9kAUAW7ARAAAAMAEAAAAwMg8YMkgA==,aMuDyyA=\r\nm=audio 0 RTP/AVP 8\r\n';
    server = net.createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (request) => {
          const [, method, cseq] = /^(\w+) .*?CSeq: (\d+)/s.exec(request.toString()) ?? [];
          const body = method === 'DESCRIBE' ? sdp : '';
          socket.write(
            `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nSession: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          );
          if (method !== 'PLAY') return;
          for (let bytes = 0; bytes < 40; bytes += 1)
            for (const channel of [0, 1, 2, 3, 9, 255])
              socket.write(Buffer.concat([Buffer.of(0x24, channel, 0, bytes), Buffer.alloc(bytes, 0xbf)]));
          for (let picture = 0; picture < 40; picture += 1) socket.write(packet(KEY));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `rtsp://127.0.0.1:${(server.address() as net.AddressInfo).port}/in`;
    const begun: string[] = [];
    source = keepSource('0', url, 900, {
      standing() {},
      tracks() {},
      moved() {},
      packet: (_track, frame) => begun.push(frame.toString('latin1', 16, 18)),
      batch() {},
      late() {},
    });
    await until('proper packets', () => begun.length > 10);
    expect(new Set(begun)).to.deep.equal(new Set([KEY]));
  });
});
