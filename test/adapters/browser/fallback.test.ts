import { expect } from 'chai';
import { createFallback, FALLBACK, type Way } from '../../../adapters/browser/player/fallback.ts';
import { until } from '../../fixtures/process.ts';

const webrtc: Way = { protocol: 'webrtc', quality: '720p', why: 'a fast network' };
const hls: Way = { protocol: 'hls', quality: '480p', why: 'a phone' };

/** A player's fallback to which the gateway gives these answers, the last one for ever. */
function player(...answers: (Way | undefined)[]) {
  const did: string[] = [];
  let asked = 0;
  const fallback = createFallback({
    ask: async () => answers[Math.min(asked++, answers.length - 1)],
    fall: (why, way) => void did.push(`falls: ${why}, ${way?.quality}`),
    climb: () => void did.push('climbs'),
  });
  return { fallback, did, asked: () => asked };
}

describe('the way by which a player watches', () => {
  const later = (ms: number) => performance.now() + ms;

  it('is the one that the gateway says', async () => {
    const phone = player(hls);
    await until('the fall', () => phone.fallback.fallen());
    expect(phone.did).to.deep.equal(['falls: a phone, 480p']);
  });

  it('is looked at again when more is known of the network, and never opened twice', async () => {
    const { fallback, did, asked } = player(webrtc, hls);
    await until('the first question', () => asked() === 1);
    expect(fallback.fallen()).to.equal(false);
    fallback.askAgain();
    await until('the fall', () => fallback.fallen());
    fallback.askAgain();
    await until('the third question', () => asked() === 3);
    expect(did).to.deep.equal(['falls: a phone, 480p']);
  });

  it('stays WebRTC where nobody answers, until that has shown nothing for a while', async () => {
    const { fallback, did, asked } = player(undefined);
    await until('the question', () => asked() === 1);
    fallback.check(later(0), FALLBACK.patienceMs - 1);
    expect(fallback.fallen()).to.equal(false);
    fallback.check(later(0), FALLBACK.patienceMs);
    fallback.check(later(0), FALLBACK.patienceMs + 100);
    expect(did).to.deep.equal(['falls: WebRTC has shown nothing for 5 s, undefined']);
  });

  it('stays WebRTC for longer while the gateway, which serves HLS too, can’t be talked to', async () => {
    const { fallback, asked } = player(undefined);
    await until('the question', () => asked() === 1);
    fallback.check(later(0), FALLBACK.unheardPatienceMs - 1, false);
    expect(fallback.fallen()).to.equal(false);
    fallback.check(later(0), FALLBACK.unheardPatienceMs, false);
    expect(fallback.fallen()).to.equal(true);
  });

  it('is WebRTC again when that works, tried more and more rarely', async () => {
    const { fallback, did } = player(webrtc);
    fallback.check(later(0), FALLBACK.patienceMs);
    fallback.check(later(FALLBACK.climbMs - 1_000), undefined);
    fallback.check(later(FALLBACK.climbMs), undefined);
    await until('the try', () => did.at(-1) === 'climbs');
    fallback.climbFailed(later(0));
    fallback.check(later(2 * FALLBACK.climbMs - 1_000), undefined);
    expect(did).to.have.length(2);
    fallback.check(later(2 * FALLBACK.climbMs), undefined);
    await until('the second try', () => did.length === 3);
    fallback.climbed();
    expect(fallback.fallen()).to.equal(false);
  });

  it('is not tried again while the gateway thinks HLS better, and never after its end', async () => {
    const { fallback, did, asked } = player(hls);
    await until('the fall', () => fallback.fallen());
    fallback.check(later(FALLBACK.climbMs), undefined);
    await until('the second question', () => asked() === 2);
    expect(did).to.have.length(1);
    const closed = player(hls);
    closed.fallback.close();
    await until('the question', () => closed.asked() === 1);
    expect(closed.did).to.deep.equal([]);
  });
});
