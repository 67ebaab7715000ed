import { expect } from 'chai';
import { acquaintSounds } from '../../../actors/listening.ts';
import { id } from '../../../bus/identity.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { until } from '../../fixtures/process.ts';

describe('http: hearing a camera', () => {
  let gateway: FakeGateway;
  const vera = { sub: 'vera', cameras: ['cam_001'] };
  const sound = { kind: 'sound' as const, id: id('cam_001') };
  const state = () => gateway.house.roster.view(sound)?.state;
  const listeners = () => gateway.house.roster.view(sound)?.context.audience as string[] | undefined;

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
    acquaintSounds(gateway.house.roster, (error) => expect.fail(error.message));
  });
  afterEach(async () => {
    expect(gateway.house.troubles).to.deep.equal([]);
    await gateway.close();
  });

  /** Watches, and then listens in the same session. */
  async function listen() {
    const granted = (
      await gateway.server.inject({ url: '/live/cam_001/webrtc', headers: gateway.bearer(vera) })
    ).json();
    const headers = { authorization: `Bearer ${granted.stream_token}`, 'content-type': 'application/sdp' };
    const url = '/live/cam_001/whep?sound=only';
    const answer = gateway.server.inject({ method: 'POST', url, headers, payload: OFFER });
    return { session: granted.session_id as string, headers, answer };
  }

  it('answers with the sound alone, which is made from then on and shown at the camera', async () => {
    const { session, headers, answer } = await listen();
    const { statusCode, headers: got } = await answer;
    expect(statusCode).to.equal(201);
    expect(gateway.whep.opened.map(({ path }) => path)).to.deep.equal(['cam_001/sound']);
    expect([state(), listeners()]).to.deep.equal(['starting', [session]]);
    const shown = await gateway.server.inject({ url: '/api/v1/cameras/cam_001', headers: gateway.bearer(vera) });
    expect(shown.json().sound).to.include({ state: 'starting' });
    await gateway.server.inject({ method: 'DELETE', url: String(got.location), headers });
    await until('the sound to be let go', () => state() === 'off');
  });

  it('waits for a sound that is only being made', async () => {
    gateway.whep.refuse('no-stream');
    const { answer } = await listen();
    expect((await answer).statusCode).to.equal(201);
  });

  it('says that a camera sends none, and why a sound can’t be made, and counts nobody for it', async () => {
    gateway.whep.open = () => Promise.reject(Object.assign(new Error('nothing there'), { reason: 'no-stream' }));
    const { answer } = await listen();
    await until('the sound to be tried', () => gateway.house.slots.opus.isHeld());
    gateway.house.slots.opus.held().report({ type: 'opus.ended', reason: 'none', detail: 'x' });
    const { statusCode, body } = await answer;
    expect([statusCode, JSON.parse(body).reason]).to.deep.equal([409, 'no-sound']);
    await until('nobody to be counted', () => listeners()?.length === 0);
  });
});
