import { expect } from 'chai';
import { type Id, id } from '../../bus/identity.ts';
import type { SessionCard, Sessions } from '../../bus/ports/sessions.ts';
import { rejection } from '../fixtures/records.ts';

/** A session's card. */
export const someCard = (name: string): SessionCard => ({
  id: id(name),
  camera: id('cam_a'),
  subject: 'alice',
  protocol: 'webrtc',
  quality: '720p',
  relay: 'relay-1',
  state: 'watching',
  expires_at: Date.now() + 60_000,
  node: 'gateway-1',
});

/** What every session cache promises while it is there. */
export function sessionsContract(make: () => Promise<{ sessions: Sessions; close(): Promise<void> }>): void {
  let sessions: Sessions;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ sessions, close } = await make());
  });
  afterEach(() => close());

  it('finds a session that any gateway put there', async () => {
    expect(sessions.ready()).to.equal(true);
    await sessions.put(someCard('v_1'));
    await sessions.put({ ...someCard('v_2'), subject: 'ä "quoted"\n' });
    expect(await sessions.get(id('v_1'))).to.include({ subject: 'alice', state: 'watching' });
    expect((await sessions.get(id('v_2')))?.subject).to.equal('ä "quoted"\n');
    expect(await sessions.get(id('v_3'))).to.equal(undefined);
  });

  it('shows what was put last, and nothing once dropped', async () => {
    await sessions.put(someCard('v_1'));
    await sessions.put({ ...someCard('v_1'), state: 'ended' });
    expect((await sessions.get(id('v_1')))?.state).to.equal('ended');
    await sessions.drop(id('v_1'));
    expect(await sessions.get(id('v_1'))).to.equal(undefined);
    await sessions.drop(id('v_1'));
  });

  it('refuses a name that is not an id', async () => {
    for (const name of ['a:b', '*', 'x\r\nFLUSHALL', '__proto__', '']) {
      expect((await rejection(sessions.get(name as Id))).name).to.equal('BadId');
      expect((await rejection(sessions.put({ ...someCard('v_1'), id: name as Id }))).name).to.equal('BadId');
      expect((await rejection(sessions.drop(name as Id))).name).to.equal('BadId');
    }
  });
}
