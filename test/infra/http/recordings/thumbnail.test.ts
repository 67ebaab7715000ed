import { expect } from 'chai';
import { id } from '../../../../bus/identity.ts';
import { thumbnailLooks } from '../../../../infra/http/recordings/thumbnail.ts';

const GATE = id('gate');

describe('looks at thumbnails', () => {
  it('are noted once a minute of each person and camera, however many are asked for', async () => {
    let now = 0;
    const looks = thumbnailLooks(() => now);
    const noted: string[] = [];
    const ask = (person: string, camera = GATE) =>
      looks.noted(person, camera, async () => noted.push(`${person} ${camera}`));
    await Promise.all([ask('linh'), ask('linh'), ask('lan')]);
    now = 59_000;
    await ask('linh');
    await ask('linh', id('yard'));
    expect(noted).to.deep.equal(['linh gate', 'lan gate', 'linh yard']);
    now = 60_000;
    await ask('linh');
    expect(noted.at(-1)).to.equal('linh gate');
    expect(noted).to.have.length(4);
  });

  it('that are refused let nobody through: who waited is refused, too, and the next one is asked about anew', async () => {
    const looks = thumbnailLooks(() => 0);
    let asked = 0;
    const refuse = async () => {
      asked += 1;
      throw new Error('no');
    };
    const answers = await Promise.allSettled([looks.noted('linh', GATE, refuse), looks.noted('linh', GATE, refuse)]);
    expect(answers.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(asked).to.equal(1);
    await looks.noted('linh', GATE, async () => {
      asked += 1;
    });
    expect(asked).to.equal(2);
  });
});
