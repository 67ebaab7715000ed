import { expect } from 'chai';
import type { Happening } from '../../../adapters/browser/dashboard/timeline/happening.ts';
import { stopsIn, stopText } from '../../../adapters/browser/dashboard/timeline/stops.ts';

const RELAYS = ['intake-1', 'relay-1'];
const HOUR_MS = 3_600_000;
let seq = 0;

const happening = (at: number, kind: string, id: string, from: string, state: string): Happening => ({
  ...{ seq: ++seq, at, type: `${kind}.${state}`, kind, id, from, state },
  ...{ lane: `${kind}/${id}`, zone: '', subject: '', by: '' },
});
const camera = (at: number, state = 'live') => happening(at, 'camera', 'gate', 'connecting', state);
const relay = (at: number, id: string, from: string, state = 'starting') => happening(at, 'relay', id, from, state);
const backAt = (at: number) => [relay(at, 'intake-1', 'serving'), relay(at + 130, 'relay-1', 'serving')];

describe('a time in which nothing of Signalbox ran, on the time line', () => {
  it('lies between the last that was told and the return of all relays, which nobody had seen go', () => {
    const all = [camera(1_000), ...backAt(7_000), camera(7_500, 'holding')];
    expect(stopsIn(all, RELAYS, [])).to.deep.equal([{ from: 1_000, to: 7_000, sharp: true }]);
  });

  it('begins where the last picture was recorded, however long nothing had happened before', () => {
    const all = [camera(1_000), ...backAt(5 * HOUR_MS)];
    const recorded = [
      { from: 0, to: 4 * HOUR_MS },
      { from: 0, to: 3 * HOUR_MS },
      { from: 5 * HOUR_MS + 3_000, to: 6 * HOUR_MS },
    ];
    const [stop] = stopsIn(all, RELAYS, recorded);
    expect(stop).to.deep.equal({ from: 4 * HOUR_MS, to: 5 * HOUR_MS, sharp: true });
    expect(stop && stopText(stop)).to.equal('Signalbox was not running');
  });

  it('is not said to be known where nothing proves how long it still ran', () => {
    const [stop] = stopsIn([camera(1_000), ...backAt(5 * HOUR_MS)], RELAYS, []);
    expect(stop).to.deep.equal({ from: 1_000, to: 5 * HOUR_MS, sharp: false });
    expect(stop && stopText(stop)).to.match(/^Nothing told, then/);
  });

  it('is none where one relay alone came back, or somebody saw it go', () => {
    expect(stopsIn([camera(1_000), relay(7_000, 'relay-1', 'serving')], RELAYS, [])).to.deep.equal([]);
    const seen = [relay(6_000, 'intake-1', 'serving', 'dead'), relay(7_000, 'intake-1', 'dead')];
    expect(stopsIn([camera(1_000), ...seen, relay(7_100, 'relay-1', 'serving')], RELAYS, [])).to.deep.equal([]);
    const hourApart = [relay(7_000, 'intake-1', 'serving'), relay(7_000 + HOUR_MS, 'relay-1', 'serving')];
    expect(stopsIn([camera(1_000), ...hourApart], RELAYS, []), 'replaced one after the other').to.deep.equal([]);
  });

  it('is none at the first start of all, nor where nothing is known from before', () => {
    const first = RELAYS.flatMap((id, n) => [relay(n, id, 'new'), relay(100 + n, id, 'starting')]);
    expect(stopsIn(first, RELAYS, [])).to.deep.equal([]);
    expect(stopsIn(backAt(7_000), RELAYS, [])).to.deep.equal([]);
    expect(stopsIn([camera(1_000), ...backAt(7_000)], [], [])).to.deep.equal([]);
  });

  it('is found each time', () => {
    const all = [camera(1_000), ...backAt(7_000), camera(8_000), ...backAt(90_000)];
    expect(stopsIn(all, RELAYS, []).map(({ from, to }) => [from, to])).to.deep.equal([
      [1_000, 7_000],
      [8_000, 90_000],
    ]);
  });
});
