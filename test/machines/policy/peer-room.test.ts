import { expect } from 'chai';
import { PEER_CORES, roomForPeer } from '../../../machines/policy/peer-room.ts';

const bounds = { peers: 4, cores: 1 };

describe('room for one more adaptive peer', () => {
  const table: [string, Parameters<typeof roomForPeer>[0], string | undefined][] = [
    ['is there while few are taken and the processor has time', { peers: 1, cores: 0.2, fresh: 0 }, undefined],
    ['is not there when all are taken', { peers: 4, cores: 0.2, fresh: 0 }, 'full'],
    ['is not there when those that run use up the processor', { peers: 2, cores: 0.9, fresh: 0 }, 'busy'],
    ['counts those whose cost does not show yet', { peers: 3, cores: 0.6, fresh: 2 }, 'busy'],
    ['is there to the last one that fits', { peers: 2, cores: 1 - PEER_CORES, fresh: 0 }, undefined],
  ];
  for (const [what, load, reason] of table) {
    it(what, () => {
      const { room, why } = roomForPeer(load, bounds);
      expect(room).to.equal(reason === undefined);
      expect(why.reason).to.equal(reason);
      expect(why.guard).to.include({ peers: load.peers, most_peers: 4, most_cores: 1 });
    });
  }

  it('is never there where there shall be none', () => {
    expect(roomForPeer({ peers: 0, cores: 0, fresh: 0 }, { peers: 0, cores: 4 }).why.reason).to.equal('full');
  });
});
