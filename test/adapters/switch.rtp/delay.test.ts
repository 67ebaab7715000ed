import { expect } from 'chai';
import { watchDelay } from '../../../adapters/switch.rtp/delay.ts';

/** What is told of pictures each 40 ms that come so late. */
function told(...lateMs: number[]): number[] {
  const heard: number[] = [];
  const delay = watchDelay((ms) => heard.push(ms));
  for (const [n, ms] of lateMs.entries()) delay.seen(ms, n * 40);
  return heard;
}
const times = (count: number, ms: number): number[] => Array(count).fill(ms);

describe('a camera whose pictures come late to the switcher', () => {
  it('is told of while every one of them is late, five times a second at most', () => {
    expect(told(...times(5, 0), ...times(25, 300))).to.deep.equal(times(5, 300));
    expect(told(...times(5, 0), ...times(25, 300), ...times(25, 0))).to.deep.equal(times(5, 300));
  });

  it('is told of by the least late of the last moment', () => {
    expect(told(0, 0, 0, 0, 0, 60, 90, 120, 150, 180, 210)).to.deep.equal([60]);
  });

  it('is not told of where single pictures are late, as large ones, or those that are sent after later ones', () => {
    expect(told(...Array.from({ length: 50 }, (_, n) => (n % 3 === 0 ? 0 : 120)))).to.deep.equal([]);
    expect(told(...times(50, 55))).to.deep.equal([]);
  });

  it('is known anew after a switch', () => {
    const heard: number[] = [];
    const delay = watchDelay((ms) => heard.push(ms));
    for (const atMs of [0, 40]) delay.seen(300, atMs);
    delay.reset();
    for (const atMs of [80, 120]) delay.seen(300, atMs);
    expect(heard).to.deep.equal([]);
    delay.seen(300, 160);
    expect(heard).to.deep.equal([300]);
  });
});
