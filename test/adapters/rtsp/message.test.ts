import { expect } from 'chai';
import fc from 'fast-check';
import { RtspFailure } from '../../../adapters/rtsp/failure.ts';
import { createRtspReader, type RtspMessage } from '../../../adapters/rtsp/message.ts';

function readAll(chunks: Buffer[]) {
  const frames: Buffer[] = [];
  const messages: RtspMessage[] = [];
  const reader = createRtspReader({
    frame: (frame) => frames.push(Buffer.from(frame)),
    message: (message) => messages.push(message),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, messages };
}

const cutAt = (bytes: Buffer, cuts: number[]) => {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => Buffer.from(bytes.subarray(edges[index], edge)));
};

const frame = (channel: number, payload: Buffer) =>
  Buffer.concat([Buffer.of(0x24, channel, payload.length >> 8, payload.length & 255), payload]);

const failureCode = (action: () => void) => {
  try {
    action();
  } catch (error) {
    if (error instanceof RtspFailure) return error.code;
    throw error;
  }
  return undefined;
};

describe('reading RTSP', () => {
  const response = Buffer.from(
    'RTSP/1.0 200 OK\r\nCSeq: 7\r\nWWW-Authenticate: Basic realm="a"\r\nwww-authenticate: Digest realm="b"\r\n' +
      'Content-Length: 5\r\n\r\nhallo',
  );

  it('finds messages and frames however the network cuts them up', () => {
    const stream = Buffer.concat([
      frame(0, Buffer.from('first')),
      response,
      Buffer.from('\r\n'),
      frame(2, Buffer.alloc(0)),
      Buffer.from('OPTIONS rtsp://here RTSP/1.0\r\nCSeq: 1\r\n\r\n'),
      frame(1, Buffer.alloc(65_535, 9)),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        const { frames, messages } = readAll(cutAt(stream, cuts));
        expect(frames.map((one) => one.length)).to.deep.equal([9, 4, 65_539]);
        expect(messages.map(({ kind }) => kind)).to.deep.equal(['response', 'request']);
        expect(messages[0]?.body).to.equal('hallo');
        expect(messages[0]?.headers.get('www-authenticate')).to.deep.equal(['Basic realm="a"', 'Digest realm="b"']);
      }),
    );
  });

  it('gives up on what is not RTSP instead of collecting it', () => {
    const hostile = {
      http: Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
      ssh: Buffer.from('SSH-2.0-server\r\n'),
      binary: Buffer.of(0x16, 0x03, 0x01, 0x02),
      'endless header': Buffer.from(`RTSP/1.0 200 OK\r\nX: ${'a'.repeat(20_000)}`),
      'huge body': Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n'),
      'negative body': Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n'),
      'nameless header': Buffer.from('RTSP/1.0 200 OK\r\n: x\r\n\r\n'),
    };
    for (const [name, bytes] of Object.entries(hostile))
      expect(
        failureCode(() => readAll([bytes])),
        name,
      ).to.equal('garbage');
  });

  it('never fails in another way, whatever comes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('RTSP/1.0 200 OK\r\n', 'Content-Length: 3\r\n', '\r\n', '$', 'CSeq: 1\r\n')
        .map((s) => Buffer.from(s)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        expect(failureCode(() => readAll(pieces))).to.be.oneOf([undefined, 'garbage']);
      }),
      { numRuns: 500 },
    );
  });
});
