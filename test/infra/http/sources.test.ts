import { expect } from 'chai';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';
import { answers, ends, fails, feeds, flows } from '../../fakes/source.ts';

describe('http: the sources of a camera', () => {
  let gateway: FakeGateway;
  const at = { kind: 'camera' as const, id: id('cam_001') };
  const omar = { sub: 'omar', role: 'operator' as const, zones: ['hcm/*'] };
  const hear = (event: { type: string; [field: string]: unknown }) => gateway.house.roster.offer(at, event);
  const camera = async () =>
    (await gateway.server.inject({ url: '/api/v1/cameras/cam_001', headers: gateway.bearer(omar) })).json();
  const choose = (source: string, who: object = omar) =>
    gateway.server.inject({
      method: 'POST',
      url: '/api/v1/cameras/cam_001/source',
      headers: gateway.bearer({ ...omar, ...who }),
      payload: { source },
    });

  beforeEach(async () => {
    gateway = await fakeGateway();
    const sources = ['0', '1'].map((name) => ({ id: name, url: `rtsp://192.0.2.7/${name}` }));
    const settings = { name: 'Gate', zone: 'hcm/center', sources, keep: 'warm', eye: true };
    await gateway.house.roster.create(at, { type: 'camera.configured', settings });
    for (const event of [answers('0'), answers('1'), flows('0'), flows('1'), feeds('0')]) await hear(event);
  });
  afterEach(() => gateway.close());

  it('are each shown with their state and reason, and the camera says why it is on which', async () => {
    await hear(ends('0'));
    await hear(feeds('1', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 }));
    await hear(fails('0'));
    const { active_source, why, sources } = await camera();
    expect(active_source).to.equal('1');
    expect(why.text).to.match(
      /^on the backup \(1\), because the preferred source \(0\) ended \(67 ms gap\); it returns/,
    );
    expect(sources.map(({ state }: { state: string }) => state)).to.deep.equal(['offline', 'flowing']);
    expect(sources[0].why.reason).to.equal('refused');
    expect(sources[0].since).to.be.a('number');
  });

  it('are told why one of them is shown, after whatever else has happened to the camera since', async () => {
    expect((await camera()).active_why.text).to.equal('on the preferred source (0)');
    await hear(ends('0'));
    await hear(feeds('1', { from: '0', trigger: 'ended', how: 'burst', gap_ms: 67 }));
    await hear(fails('0'));
    const there =
      /^on the backup \(1\), because of the preferred source \(0\): nothing answers.* \(offline for 0 s\); it returns when/;
    expect((await camera()).active_why.text).to.match(there);
    await hear({ type: 'program.lost', detail: 'switcher-1 went away' });
    expect(await camera()).to.not.have.property('active_why');
    await hear({ type: 'program.restored' });
    const again = await camera();
    expect(again.why.text).to.equal('it is carried to viewers again');
    expect(again.active_why.text).to.match(there);
    expect(again.active_why.rejected).to.have.nested.property('[0].option', '0');
    await hear(answers('0'));
    await hear(flows('0'));
    expect((await camera()).active_why.text).to.match(/\(0\): steady for 0 s of 10 s; it returns when/);
    await choose('1', { sub: 'lan', name: 'Lan Nguyen' });
    expect((await camera()).active_why.text).to.match(
      /^on the backup \(1\), because Lan Nguyen chose it; that holds until it fails/,
    );
  });

  it('are chosen by an operator, until they are left to the rules again', async () => {
    expect((await choose('1')).statusCode).to.equal(200);
    expect(await camera()).to.include({ chosen_source: '1' });
    expect(gateway.house.slots.selection.held().input).to.include({ source: '1', how: 'clean' });
    expect((await choose('auto')).statusCode).to.equal(200);
    expect(await camera()).to.not.have.property('chosen_source');
    expect(gateway.house.slots.selection.held().input).to.include({ source: '0' });
  });

  it('tell who chose one, as people know them, until it is left to the rules again', async () => {
    const ordered = (source: string, from: string) => feeds(source, { from, trigger: 'ordered', how: 'clean' });
    await choose('1', { sub: 'lan', name: 'Lan Nguyen' });
    await hear(ordered('1', '0'));
    expect((await camera()).why.text).to.match(/because Lan Nguyen chose 1 /);
    await choose('0');
    await hear(ordered('0', '1'));
    expect((await camera()).why.text).to.match(/because omar chose 0 /);
    await choose('auto');
    expect(gateway.house.roster.view(at)?.context).to.include({ chosen: undefined, chooser: undefined });
  });

  it('are not chosen when they give no picture or do not exist, and that changes nothing', async () => {
    await hear(ends('1'));
    const dark = await choose('1');
    expect([dark.statusCode, dark.json().reason]).to.deep.equal([409, 'not-flowing']);
    expect(dark.json().error).to.contain('asking the camera again');
    const unknown = await choose('7');
    expect([unknown.statusCode, unknown.json().reason]).to.deep.equal([400, 'no-source']);
    expect(gateway.house.slots.selection.held().input).to.include({ source: '0' });
  });
});
