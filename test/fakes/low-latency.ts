import { Readable } from 'node:stream';
import { type LowLatencyHls, NoLowLatency } from '../../adapters/hls.mediamtx.ts';

const MASTER =
  '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="audio2_stream.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo1_stream.m3u8\n';

/** Low-latency HLS of relay-1, and what was asked of it. */
export function fakeRelay() {
  const asked: string[] = [];
  const answers = { status: 200, ready: true };
  const lowLatency: LowLatencyHls = {
    offers: (relay) => relay === 'relay-1',
    async master(relay, path) {
      asked.push(`${relay} ${path}`);
      if (!answers.ready) throw new NoLowLatency('refused', 'only sound is there');
      return MASTER;
    },
    async file(relay, path, file, query) {
      asked.push(`${relay} ${path} ${file} ${query}`.trim());
      return { status: answers.status, body: Readable.from(['0123']) };
    },
  };
  return { asked, answers, lowLatency };
}
