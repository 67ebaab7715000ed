import { expect } from 'chai';
import { createLead, type Lead } from '../../../adapters/browser/player/lead.ts';

const FRAME_MS = 33;
const SECOND = 30;

/** A lead over frames that come on both connections, `late` frames later in front, one figure a frame. */
function watched(late: number[], lead = createLead(), from = 0): { lead: Lead; atMs: number } {
  const events = late.flatMap((frames, index) => [
    { at: (from + index) * FRAME_MS, ready: true },
    { at: (from + index + frames) * FRAME_MS + 10, ready: false },
  ]);
  for (const { at, ready } of events.sort((one, other) => one.at - other.at)) {
    if (ready) lead.ready(at);
    else lead.front(at);
  }
  return { lead, atMs: (from + late.length) * FRAME_MS };
}
const steady = (seconds: number) => Array.from({ length: seconds * SECOND }, () => 0);

/** How many frames more the connection kept ready must show, the one in front none, before the relay is left. */
function framesToProof({ lead, atMs }: { lead: Lead; atMs: number }): number {
  for (let frame = 1; frame < 100; frame++) {
    lead.ready(atMs + frame * FRAME_MS);
    if (lead.proves()) return frame;
  }
  return Number.POSITIVE_INFINITY;
}

describe('the lead of a connection that is kept ready', () => {
  it('has a hung relay left after three frames, where both are steady', () => {
    expect(framesToProof(watched(steady(5)))).to.equal(3);
  });

  it('has nobody leave for a network that holds back one of the two as it often does', () => {
    const jittery = steady(5).map((_none, index) => (index % 40 < 4 ? 4 - (index % 40) : 0));
    expect(framesToProof(watched(jittery))).to.equal(7);
  });

  it('forgets what was usual after 20 seconds, and learns nothing from an outage', () => {
    const { lead, atMs } = watched([...steady(4), 4, 3, 2, 1, ...steady(25)]);
    expect(framesToProof({ lead, atMs }), 'long ago').to.equal(3);
    for (let frame = 0; frame < 30; frame++) lead.ready(atMs + (200 + frame) * FRAME_MS);
    lead.front(atMs + 231 * FRAME_MS);
    expect(framesToProof({ lead, atMs: atMs + 232 * FRAME_MS }), 'right after an outage').to.equal(3);
  });

  it('is not taken for proof so early before it is known what is usual', () => {
    expect(framesToProof(watched(steady(1)))).to.equal(6);
    const lead = createLead();
    expect(lead.proves(), 'nothing was shown yet').to.equal(false);
  });

  it('is no proof when a busy page held up both', () => {
    const { lead, atMs } = watched(steady(5));
    lead.ready(atMs + 800);
    expect(lead.proves()).to.equal(false);
  });
});
