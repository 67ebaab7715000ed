import { expect } from 'chai';
import type { CellView } from '../../../../actors/cells.ts';
import { departedFrom } from '../../../../infra/gateway/media/cells-sight.ts';

describe('who is on departure paths of a camera', () => {
  const viewer = (id: string, camera: string, tags: string[], ...paths: string[]) => {
    const legs = Object.fromEntries(paths.map((path, n) => [`${n}`, { relay: 'relay-1', path, relay_session: id }]));
    return { kind: 'viewer', id, tags, context: { camera, legs } } as unknown as CellView;
  };
  let views: CellView[];
  const cells = { list: () => views, view: ({ id }: { id: string }) => views.find((view) => view.id === id) };
  const paths = () => departedFrom(cells, 'gate').map(({ path }) => path);

  it('are those of its open sessions that have a leg there, and not on the program or beside it', () => {
    views = [
      viewer('one', 'gate', ['open'], 'departure/gate/a-1'),
      viewer('two', 'gate', ['open'], 'gate', 'departure/gate/a-2'),
      viewer('three', 'gate', ['open'], 'gate/360p'),
      viewer('four', 'gate', ['over'], 'departure/gate/a-4'),
      viewer('five', 'gate-2', ['open'], 'departure/gate-2/a-5'),
    ];
    expect(paths()).to.deep.equal(['departure/gate/a-1', 'departure/gate/a-2']);
  });

  it('are there until their leg is closed, their session is over, or nobody knows it any more', () => {
    const there = viewer('one', 'gate', ['open'], 'departure/gate/a-1');
    for (const after of [
      [viewer('one', 'gate', ['open'], 'gate')],
      [viewer('one', 'gate', ['over'], 'departure/gate/a-1')],
      [],
    ]) {
      views = [there];
      const [departed] = departedFrom(cells, 'gate');
      expect(departed?.stays()).to.equal(true);
      views = after;
      expect(departed?.stays()).to.equal(false);
    }
  });
});
