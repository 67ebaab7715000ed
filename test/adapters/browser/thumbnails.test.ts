import { expect } from 'chai';
import { openThumbnails, type ThumbnailWish } from '../../../adapters/browser/player/thumbnails.ts';
import { until } from '../../fixtures/process.ts';

describe('small pictures of moments', () => {
  /** A gateway that answers when it is told to. */
  const stub = () => {
    const asked: { wish: ThumbnailWish; signal: AbortSignal; answer(url?: string): void }[] = [];
    const shown: (string | undefined)[] = [];
    const dropped: string[] = [];
    const thumbnails = openThumbnails(
      (wish, signal) =>
        new Promise((resolve, reject) => {
          signal.onabort = () => reject(new Error('aborted'));
          asked.push({ wish, signal, answer: resolve });
        }),
      (_wish, url) => shown.push(url),
      (url) => dropped.push(url),
      1,
    );
    return { asked, shown, dropped, thumbnails };
  };
  const at = (moment: number, camera = 'gate'): ThumbnailWish => ({ camera, at: moment });

  it('are asked for one at a time, and those that were passed meanwhile not at all', async () => {
    const { asked, shown, thumbnails } = stub();
    for (const moment of [1_000, 5_000, 9_000]) thumbnails.want(at(moment));
    expect(asked.map(({ wish }) => wish.at)).to.deep.equal([1_000]);
    asked[0]?.answer('one');
    await until('the newest wish', () => asked.length === 2);
    expect(asked[1]?.wish.at).to.equal(9_000);
    expect(shown, 'the passed one is not shown').to.deep.equal([undefined, undefined, undefined]);
    asked[1]?.answer('nine');
    await until('its picture', () => shown.at(-1) === 'nine');
    thumbnails.want(at(1_400));
    expect(shown.at(-1), 'what was had is there at once').to.equal('one');
    expect(asked).to.have.length(2);
  });

  it('are cancelled when nobody looks any more, or at another camera', async () => {
    const { asked, shown, thumbnails } = stub();
    thumbnails.want(at(1_000));
    thumbnails.want(at(1_000, 'yard'));
    expect(asked[0]?.signal.aborted).to.equal(true);
    await until('the other camera', () => asked.length === 2);
    thumbnails.leave();
    expect(asked[1]?.signal.aborted).to.equal(true);
    thumbnails.want(at(7_000));
    await until('the next wish', () => asked.length === 3);
    expect(shown.every((url) => url === undefined)).to.equal(true);
  });

  it('are kept so long only as they are few, and given back at the end', async () => {
    const { asked, dropped, thumbnails } = stub();
    for (let n = 0; n < 62; n++) {
      thumbnails.want(at(n * 1_000));
      await until('the question', () => asked.length === n + 1, 5_000, 1);
      asked[n]?.answer(`url ${n}`);
    }
    await until('the oldest to go', () => dropped.length === 2, 5_000, 1);
    thumbnails.close();
    expect(new Set(dropped).size).to.equal(62);
  });
});
