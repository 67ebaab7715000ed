import { expect } from 'chai';
import { verdictOf } from '../../../infra/cli/ice-verdict.ts';
import { serversOf } from '../../../infra/client/runtime/ice-servers.ts';
import { iceLinks } from '../../../infra/http/ice.ts';

const GATEWAY = '203.0.113.1';

describe('what check-ice says', () => {
  it('tells a closed port from an address that nobody outside reaches, and from one of the machine itself', () => {
    const silent = (...where: string[]) => verdictOf({ kind: 'udp', where, came: 'no-connection' }, GATEWAY).next;
    expect(silent('203.0.113.1:8189')).to.match(/Open UDP 8189/);
    expect(silent('10.0.0.2:8189', '203.0.113.1:8189')).to.match(/Open UDP 8189/);
    expect(silent('10.0.0.2:8189')).to.match(/ice\.public_hosts/);
    expect(silent('127.0.0.1:8189')).to.match(/media\.listen/);
  });

  it('tells a TURN server that is silent from one that refuses and one that does not reach the relay', () => {
    const turn = (came: 'no-answer' | 'refused' | 'no-connection') =>
      verdictOf({ kind: 'turn', where: ['turn:t:3478'], came, told: '401 Unauthorized' }, GATEWAY);
    expect(turn('no-answer').means).to.match(/does not answer/);
    expect(turn('refused').means).to.match(/401/);
    expect(turn('refused').next).to.match(/secret_file/);
    expect(turn('no-connection').next).to.match(/allowed-peer-ip/);
  });

  it('says nothing to do of what works', () => {
    expect(
      verdictOf({ kind: 'udp', where: ['1.2.3.4:1'], came: 'works', told: '1.2.3.4:1' }, GATEWAY),
    ).to.not.have.property('next');
  });

  it('reads the servers as the gateway writes them', () => {
    const servers = [
      { urls: ['stun:s.example.com:3478'] },
      { urls: ['turn:t.example.com:3478?transport=tcp'], username: '17:vera', credential: 'a+b/c=' },
    ];
    expect(serversOf(iceLinks(servers).join(', '))).to.deep.equal(servers);
  });
});
