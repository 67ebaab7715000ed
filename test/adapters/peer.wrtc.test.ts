import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Told } from '../../adapters/peer.wrtc/talk.ts';
import { type AdaptivePeers, adaptivePeers } from '../../adapters/peer.wrtc.ts';
import { type Peer, serveLink } from '../../bus/carriers/link.ts';
import type { SeatReport } from '../../machines/slots.ts';
import { type PeersUnderTest, peersContract } from '../contracts/peers.ts';
import { fakePeers } from '../fakes/peers.ts';
import { until } from '../fixtures/process.ts';

const OFFERS = { VP8: 'a=rtpmap:96 VP8/90000\r\n', H264: 'a=rtpmap:102 H264/90000\r\n' };

describe('fake adaptive peers', () => {
  const peers = fakePeers();
  const given: PeersUnderTest = {
    peers,
    opening: (session, sdp) => ({
      ...{ session, camera: 'cam_001', relay: 'relay-1', url: 'rtsp://127.0.0.1/cam_001', sdp },
      ...{ bounds: { peers: 4, cores: 8 }, reach: { address: '127.0.0.1', hosts: [] } },
    }),
    viewer: async (codec = 'VP8') => ({
      offer: OFFERS[codec],
      accept: async (_answer, peer) => peers.connect(peer),
      leave: async () => {},
    }),
    async restart() {
      peers.kill();
      await new Promise((resolve) => setImmediate(resolve));
      peers.start();
    },
  };
  peersContract(() => given);
});

describe('the gateway’s side of adaptive peers', () => {
  let folder: string;
  let process: { close(): void; said: { type: string; [field: string]: unknown }[]; tell(told: Told): void };
  let peers: AdaptivePeers;
  const elsewhere: { session: string; event: SeatReport }[] = [];
  const over = new Set<string>();
  const told = { peer: 'peer_of_another', session: 'ses_a', relay: 'relay-1' };

  beforeEach(async () => {
    elsewhere.length = 0;
    over.clear();
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-peers-'));
    const socket = path.join(folder, 'peers.sock');
    const said: (typeof process)['said'] = [];
    const gateways = new Set<Peer>();
    const link = await serveLink(socket, {
      up(gateway) {
        gateways.add(gateway);
        gateway.send({ type: 'hello', instance: 'first', peers: [told] });
      },
      hear: (message) => void said.push(message),
    });
    const tell = (message: Told) => {
      for (const gateway of gateways) gateway.send({ ...message });
    };
    process = { close: link.close, said, tell };
    peers = adaptivePeers({
      ...{ socket, isOnly: true },
      onElsewhere: (session, event) => elsewhere.push({ session, event }),
      isOver: (session) => over.has(session),
    });
    await until('hello', () => peers.instance());
  });
  afterEach(() => {
    peers.end();
    process.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells a session whose cell lives on another host of the peer that was opened from here, and of no other', async () => {
    const opening = peers.open({
      ...{ session: 'ses_b', camera: 'cam_001', relay: 'relay-1', url: 'rtsp://127.0.0.1/cam_001', sdp: '' },
      ...{ bounds: { peers: 4, cores: 8 }, reach: { address: '127.0.0.1', hosts: [] } },
    });
    const { peer } = (await until('the order', () => process.said.find(({ type }) => type === 'open'))) as unknown as {
      peer: string;
    };
    process.tell({ type: 'answered', peer, sdp: 'v=0' });
    await opening;
    const seat = { peer, session: 'ses_b', relay: 'relay-1' };
    process.tell({ type: 'taken', ...seat });
    process.tell({ type: 'left', reason: 'lost', ...seat });
    await until('both to be told', () => elsewhere.length === 2);
    expect(elsewhere.map(({ session, event }) => `${session} ${event.type}`)).to.deep.equal([
      'ses_b seat.taken',
      'ses_b seat.left',
    ]);
  });

  it('ends what is left of a session that is over, whoever held its seat', async () => {
    expect(process.said).to.deep.equal([]);
    over.add('ses_a');
    await until(
      'the end',
      () => process.said.some(({ type, session }) => type === 'leave' && session === 'ses_a'),
      5_000,
    );
  });

  it('ends whatever a session has the moment its seat is given up', async () => {
    peers.seat({ session: 'ses_a', relay: 'relay-1', tokenLifeMs: 1_000 }, () => {}).release();
    await until('the end', () => process.said.some(({ type }) => type === 'leave'));
  });

  it('judges those that a former gateway knew by all that the process has, and gives one that connects its time', async () => {
    const heard: string[] = [];
    const known = ['peer_connecting', 'peer_gone'].map((relaySession) => ({
      ...{ relay: 'relay-1', relaySession, taken: false },
    }));
    const held = peers.seat({ session: 'ses_c', relay: 'relay-1', tokenLifeMs: 1_000, known }, (event) => {
      heard.push(`${event.type} ${event.relay_session}`);
    });
    const tellLoad = (...there: string[]) => {
      const estimates = there.map((peer) => ({ peer, kbps: 0 }));
      process.tell({ type: 'load', peers: there.length, cores: 0, fresh: 0, estimates });
    };
    tellLoad('peer_connecting', 'peer_of_another');
    await until('the one that is gone', () => heard.length);
    expect(heard).to.deep.equal(['seat.left peer_gone']);
    process.tell({ type: 'taken', peer: 'peer_connecting', session: 'ses_c', relay: 'relay-1' });
    await until('the other', () => heard.length === 2);
    expect(heard[1]).to.equal('seat.taken peer_connecting');
    tellLoad('peer_of_another');
    tellLoad();
    process.tell({ type: 'left', reason: 'lost', peer: 'peer_connecting', session: 'ses_c', relay: 'relay-1' });
    await until('its end', () => heard.length === 3);
    expect(heard[2]).to.equal('seat.left peer_connecting');
    held.release();
  });

  it('calls nothing gone that may be at another host', async () => {
    const link = adaptivePeers({ socket: path.join(folder, 'peers.sock') });
    await until('hello', () => link.instance());
    const heard: SeatReport[] = [];
    const known = [{ relay: 'relay-2', relaySession: 'peer_elsewhere', taken: true }];
    link.seat({ session: 'ses_d', relay: 'relay-1', tokenLifeMs: 1_000, known }, (event) => heard.push(event));
    process.tell({ type: 'load', peers: 0, cores: 0, fresh: 0, estimates: [] });
    await until('the load', () => link.load());
    expect(heard).to.deep.equal([]);
    link.end();
  });
});
