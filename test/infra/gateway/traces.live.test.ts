import { expect } from 'chai';
import { systemClock } from '../../../adapters/clock.ts';
import type { Envelope } from '../../../bus/envelope.ts';
import { id } from '../../../bus/identity.ts';
import { keepTraces, type Tracing } from '../../../infra/gateway/traces.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { answers, feeds, flows } from '../../fakes/source.ts';
import { attributesOf, type Collector, type SentSpan, startCollector } from '../../fixtures/collector.ts';
import { until } from '../../fixtures/process.ts';

describe('traces, at a collector', () => {
  let collector: Collector;
  let gateway: FakeGateway;
  let tracing: Tracing;
  let player: FakePlayer | undefined;
  const facts: Envelope[] = [];
  const vera = { sub: 'vera', cameras: ['cam_001'] };

  beforeEach(async () => {
    facts.length = 0;
    collector = await startCollector();
    gateway = await fakeGateway();
    const { roster } = gateway.house;
    roster.onFact((fact) => void facts.push(fact));
    tracing = await keepTraces(collector.url, { roster, node: 'gw-test', nowMs: systemClock.now });
    gateway.services.joins = tracing.joins;
  });
  afterEach(async () => {
    player?.socket.terminate();
    await tracing.close();
    await gateway.close();
    collector.close();
  });

  /** What is sent of one trace; ending the sender has it sent at once. */
  const sent = async (root: string) => {
    await tracing.close();
    return collector.trace(root);
  };
  const factOf = (type: string) => facts.find((fact) => fact.type === `signalbox.${type}`);

  it('tell a join: admission, ticket, WHEP and the first picture, under the ids of the event log', async () => {
    await gateway.camera('cam_001', 'hcm/center');
    const headers = gateway.bearer(vera);
    const granted = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json();
    player = await connectPlayer(gateway);
    player.say({ type: 'hello', stream_token: granted.stream_token, leg: 'a' });
    await player.told('welcome');
    player.say({ type: 'offer', leg: 'a', sdp: OFFER });
    await player.told('answer');
    player.say({ type: 'playing', leg: 'a', first_frame_ms: 212 });
    await until('the picture to be told', () => factOf('viewer.watching'));

    const { root, parts } = await sent('join');
    expect(collector.resources[0]).to.contain('signalbox').and.to.contain('gw-test');
    expect(parts.map(({ name }) => name)).to.have.members(['admission', 'ticket', 'whep', 'first frame']);
    for (const part of parts) {
      expect(part.traceId).to.equal(root.traceId);
      expect(BigInt(part.endTimeUnixNano) >= BigInt(part.startTimeUnixNano), part.name).to.equal(true);
      expect(BigInt(part.startTimeUnixNano) >= BigInt(root.startTimeUnixNano), part.name).to.equal(true);
    }
    const [admitted, watching] = [factOf('viewer.admitted'), factOf('viewer.watching')];
    expect(attributesOf(root)).to.include({
      'signalbox.session': granted.session_id,
      'signalbox.camera': 'cam_001',
      'signalbox.protocol': 'webrtc',
      'signalbox.event_id': admitted?.id,
      'signalbox.cause_id': admitted?.causeid,
    });
    const frame = parts.find(({ name }) => name === 'first frame');
    expect(frame && attributesOf(frame)).to.include({
      'signalbox.event_id': watching?.id,
      'signalbox.cause_id': watching?.causeid,
      'signalbox.first_frame_ms': 212,
      'signalbox.trigger': 'leg.playing',
    });
    expect(root.status.code ?? 0).to.equal(0);
    expect(JSON.stringify(collector.spans)).to.not.contain(granted.stream_token);
  });

  it('tell a join that comes to nothing, and why', async () => {
    await gateway.camera('cam_001', 'hcm/center');
    const headers = gateway.bearer(vera);
    const granted = (await gateway.server.inject({ url: '/live/cam_001/webrtc', headers })).json();
    const session = id(granted.session_id);
    await gateway.house.roster.offer(
      { kind: 'viewer', id: session },
      { type: 'viewer.revoked', by: 'anna', reason: 'revoked' },
    );
    await until('the end to be told', () => factOf('viewer.ended'));
    const { root } = await sent('join');
    const ended = factOf('viewer.ended');
    expect(root.status).to.include({ code: 2, message: (ended?.data.why as { reason: string } | undefined)?.reason });
    expect(attributesOf(root)['signalbox.event_id']).to.equal(ended?.id);
  });

  it('tell a failover of a camera: what noticing, deciding and the return of the picture took', async () => {
    const at = { kind: 'camera' as const, id: id('gate') };
    const sources = ['0', '1'].map((one) => ({ id: id(one), url: `rtsp://192.0.2.7/${one}` }));
    const settings = { name: 'Gate', zone: 'hcm/gate', sources, keep: 'warm', eye: true };
    const { roster } = gateway.house;
    await roster.create(at, { type: 'camera.configured', settings });
    for (const source of ['0', '1']) {
      await roster.offer(at, answers(source));
      await roster.offer(at, flows(source));
    }
    await roster.offer(at, feeds());
    await roster.offer(at, feeds('1', { from: '0', trigger: 'ended', how: 'burst', detect_ms: 12, gap_ms: 66 }));
    const switched = await until('the switch to be told', () => factOf('camera.switched'));

    const { root, parts } = await sent('failover of a source');
    const lastedMs = ({ startTimeUnixNano: start, endTimeUnixNano: end }: SentSpan) =>
      Number(BigInt(end) - BigInt(start)) / 1e6;
    expect(attributesOf(root)).to.include({
      'signalbox.subject': 'camera/gate',
      'signalbox.event_id': switched.id,
      'signalbox.cause_id': switched.causeid,
      'signalbox.from_source': '0',
      'signalbox.active_source': '1',
    });
    expect(lastedMs(root)).to.equal(switched.data.recover_ms);
    expect(parts.map((part) => [part.name, lastedMs(part)])).to.deep.equal([
      ['detect', switched.data.detect_ms],
      ['decide', switched.data.decide_ms],
      ['restore', Number(switched.data.recover_ms) - Number(switched.data.detect_ms) - Number(switched.data.decide_ms)],
    ]);
  });

  it('hold up nobody while the collector is away', async () => {
    collector.close();
    await gateway.camera('cam_001', 'hcm/center');
    const headers = gateway.bearer(vera);
    const { statusCode } = await gateway.server.inject({ url: '/live/cam_001/webrtc', headers });
    expect(statusCode).to.equal(200);
    await tracing.close();
  });
});
