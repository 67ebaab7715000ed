import { expect } from 'chai';
import { alarmId } from '../../../machines/policy/alarms.ts';
import { ownerOf } from '../../../machines/policy/ownership.ts';

const GATEWAYS = ['gate-1', 'gate-2', 'gate-3'];
const cameras = Array.from({ length: 900 }, (_, index) => ({ kind: 'camera', id: `cam_${index + 1}` }));
const ownersAmong = (members: string[]) => cameras.map((camera) => ownerOf(camera, members).owner);

describe('who owns a cell', () => {
  it('is shared out evenly, and every gateway comes to the same answer, in whatever order it knows the others', () => {
    const owners = ownersAmong(GATEWAYS);
    for (const gateway of GATEWAYS) {
      const share = owners.filter((owner) => owner === gateway).length;
      expect(share, gateway).to.be.within(220, 380);
    }
    expect(ownersAmong(GATEWAYS.toReversed())).to.deep.equal(owners);
  });

  it('changes only for what belonged to a gateway that left', () => {
    const before = ownersAmong(GATEWAYS);
    const after = ownersAmong(['gate-1', 'gate-3']);
    for (const [index, owner] of before.entries()) {
      if (owner === 'gate-2') expect(after[index]).to.be.oneOf(['gate-1', 'gate-3']);
      else expect(after[index]).to.equal(owner);
    }
  });

  it('leaves a viewer session with the gateway that holds it, until that one is gone', () => {
    for (let index = 0; index < 30; index++) {
      const session = { kind: 'viewer', id: `ses_${index}`, holder: 'gate-2' };
      expect(ownerOf(session, GATEWAYS)).to.deep.include({ owner: 'gate-2' });
      expect(ownerOf(session, ['gate-1', 'gate-3']).owner).to.be.oneOf(['gate-1', 'gate-3']);
    }
  });

  it('has a recording live with its camera, whose relay it turns on, and a ladder with the camera whose pictures it begins with', () => {
    for (const { id } of cameras) {
      const { owner } = ownerOf({ kind: 'recording', id }, GATEWAYS);
      for (const kind of ['ptz', 'rendition']) expect(ownerOf({ kind, id }, GATEWAYS).owner).to.equal(owner);
      expect(owner).to.equal(ownerOf({ kind: 'camera', id }, GATEWAYS).owner);
    }
  });

  it('has an alarm live with what it is about, and one about a gateway with that gateway while it lives', () => {
    for (const { id } of cameras) {
      const { owner } = ownerOf({ kind: 'camera', id }, GATEWAYS);
      for (const cause of ['no-source', 'disk-full'] as const) {
        expect(ownerOf({ kind: 'alarm', id: alarmId(cause, id) }, GATEWAYS).owner).to.equal(owner);
      }
    }
    const about = alarmId('nats', 'gate-2');
    expect(ownerOf({ kind: 'alarm', id: about }, GATEWAYS)).to.deep.include({ owner: 'gate-2' });
    expect(ownerOf({ kind: 'alarm', id: about }, ['gate-1', 'gate-3']).owner).to.be.oneOf(['gate-1', 'gate-3']);
  });

  it('says why', () => {
    expect(ownerOf({ kind: 'relay', id: 'relay-1' }, ['gate-1']).why).to.deep.equal({
      reason: 'share',
      text: 'it falls to gate-1, one of 1',
    });
    expect(ownerOf({ kind: 'relay', id: 'relay-1' }, [])).to.deep.include({ owner: undefined });
  });
});
