import { type PeersUnderTest, peersContract } from '../contracts/peers.ts';
import { fakePeers } from '../fakes/peers.ts';

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
