import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { id } from '../../bus/identity.ts';
import { EVERY_FACT, factSubject, factsOf, inboxOf, resumeSubject } from '../../bus/subjects.ts';
import { readerSecret } from '../../infra/launcher/servers.ts';
import { secretIn } from '../../infra/launcher/state-folder.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { until } from '../fixtures/process.ts';

/** The recording of a camera: it says something whenever somebody keeps a stretch of it. */
const recordingOf = (name: string) => ({ kind: 'recording' as const, id: id(name) });
const NOWHERE = { sources: ['rtsp://127.0.0.1:9/none'], record: { keep_ms: 3_600_000 } };

/** A program at the group's own NATS, and all that befalls it. */
interface Reader {
  connection: NatsConnection;
  /** `camera type`, of what it heard. */
  heard: string[];
  refused: string[];
  disconnects: number;
  /** Listens to the facts of a camera's recording. */
  hear(camera: string): Promise<void>;
  /** The last fact of its recording of a type that it is told when it asks for the past; undefined: none. */
  last(camera: string, type: string): Promise<string | undefined>;
}

describe('readers of zones at the NATS that is run here', function () {
  this.timeout(90_000);
  let group: TestGroup;
  let gate: Reader;
  let hall: Reader;
  let wall: Reader;
  const readers: Reader[] = [];

  const comeIn = async (name: string): Promise<Reader> => {
    const pass = secretIn(group.state, readerSecret(name)).value;
    const servers = group.group.nats.servers.map((server) => server.replace('nats://', ''));
    const connection = await connect({ servers, user: name, pass, inboxPrefix: inboxOf(name) });
    const reader: Reader = {
      ...{ connection, heard: [], refused: [], disconnects: 0 },
      async hear(camera) {
        const callback = (_error: Error | null, message: { json(): unknown }) => {
          if (!_error) reader.heard.push(said(message.json()));
        };
        connection.subscribe(camera === '*' ? EVERY_FACT : factsOf(recordingOf(camera)), { callback });
        await connection.flush();
      },
      async last(camera, type) {
        const body = JSON.stringify({ after: 0, cameras: [camera], types: [`recording.${type}`] });
        const answer = await connection.request(resumeSubject(name), body, { timeout: 1_000 });
        return answer.json<{ items: unknown[] }>().items.map(said).at(-1);
      },
    };
    void (async () => {
      for await (const status of connection.status()) {
        if (status.type === 'error') reader.refused.push(String(status.error));
        if (status.type === 'disconnect') reader.disconnects += 1;
      }
    })();
    readers.push(reader);
    return reader;
  };
  /** Has a camera say something, and waits until the reader of everything has heard it: by then all others have, too. */
  const stir = async (camera: string) => {
    const before = wall.heard.length;
    const stretch = { from: Date.now() - 60_000, to: Date.now(), name: 'A stir' };
    const kept = await group.api('POST', `/api/v1/recordings/${camera}/bookmarks`, stretch);
    expect(kept.status, kept.text).to.equal(201);
    await until(`${camera} to say something`, () => wall.heard.slice(before).includes(`${camera} protected`));
    await Promise.all(readers.map(({ connection }) => connection.flush()));
  };
  const move = async (camera: string, zone: string) =>
    expect((await group.api('PATCH', `/api/v1/cameras/${camera}`, { zone })).status).to.equal(200);

  before(async () => {
    group = await startTestGroup({
      nats: {
        readers: { wall: {}, gate: { zones: ['hcm/gate'] }, hall: { zones: ['hcm/hall'] }, none: { zones: ['x'] } },
      },
    });
    for (const [name, zone] of [
      ['cam_gate', 'hcm/gate'],
      ['cam_hall', 'hcm/hall'],
    ] as const) {
      const added = { id: name, zone, ...NOWHERE };
      expect((await group.api('POST', '/api/v1/cameras', added)).status).to.equal(201);
    }
    [wall, gate, hall] = [await comeIn('wall'), await comeIn('gate'), await comeIn('hall')];
    await wall.hear('*');
  });
  after(async () => {
    await Promise.all(readers.map(({ connection }) => connection.close()));
    await group?.stop();
  });

  it('hear the cameras of their zone, and are told of their past, and of nobody else’s', async () => {
    await gate.hear('cam_gate');
    await hall.hear('cam_hall');
    await hall.hear('cam_gate');
    await until('the refusal', () => hall.refused.some((text) => text.includes('cam_gate')));
    await stir('cam_gate');
    await stir('cam_hall');
    await until('each to hear theirs', () => gate.heard.length > 0 && hall.heard.length > 0);
    expect(gate.heard.filter((one) => !one.startsWith('cam_gate'))).to.deep.equal([]);
    expect(hall.heard.filter((one) => !one.startsWith('cam_hall'))).to.deep.equal([]);
    expect(await gate.last('cam_gate', 'protected')).to.equal('cam_gate protected');
    expect(await hall.last('cam_gate', 'protected')).to.equal(undefined);
  });

  it('hear a camera that moves no longer, or from then on, and nobody’s connection is cut for it', async () => {
    await move('cam_gate', 'hcm/hall');
    const before = gate.heard.length;
    await hall.hear('cam_gate');
    await stir('cam_gate');
    await until('it in its new zone', () => hall.heard.some((one) => one.startsWith('cam_gate')));
    expect(gate.heard.slice(before), 'what it says in its new zone').to.deep.equal([]);
    expect(await gate.last('cam_gate', 'protected')).to.equal(undefined);
    expect(await hall.last('cam_gate', 'protected')).to.equal('cam_gate protected');
    await move('cam_gate', 'hcm/gate');
    const heard = hall.heard.filter((one) => one.startsWith('cam_gate')).length;
    await gate.hear('cam_gate');
    await stir('cam_gate');
    await until('it to be back', () => gate.heard.length > before);
    expect(hall.heard.filter((one) => one.startsWith('cam_gate'))).to.have.length(heard);
    expect(readers.map(({ disconnects }) => disconnects)).to.deep.equal([0, 0, 0]);
    expect((await group.api('GET', '/readyz')).body.status).to.equal('ready');
  });

  it('hear a camera that is added to their zone, and one that is taken out no more', async () => {
    const added = { id: 'cam_new', zone: 'hcm/hall', ...NOWHERE };
    expect((await group.api('POST', '/api/v1/cameras', added)).status).to.equal(201);
    await hall.hear('cam_new');
    await stir('cam_new');
    await until('it to be heard', () => hall.heard.some((one) => one.startsWith('cam_new')));
    expect((await group.api('DELETE', '/api/v1/cameras/cam_new')).status).to.be.oneOf([200, 204]);
    const refusals = hall.refused.length;
    await hall.hear('cam_new');
    await until('the refusal', () => hall.refused.length > refusals);
  });

  it('may do nothing where no camera is in their zone, and are told theirs again when the server is started anew', async () => {
    const none = await comeIn('none');
    for (const subject of [factSubject(recordingOf('cam_gate'), 'live'), '$JS.API.INFO', '$SYS.REQ.SERVER.PING', 'x']) {
      none.connection.publish(subject, '{}');
    }
    await until('a refusal of each', () => none.refused.length >= 4);
    await group.kill('nats');
    await group.ready();
    const isBack = async ({ connection }: Reader) =>
      connection.flush().then(
        () => true,
        () => false,
      );
    await until('all to be back', async () => (await Promise.all(readers.map(isBack))).every(Boolean), 20_000);
    const before = gate.heard.length;
    await stir('cam_gate');
    await until('theirs', () => gate.heard.length > before);
    expect(hall.heard.at(-1)).to.not.match(/^cam_gate/);
  });
});

/** `camera type` of a fact. */
function said(fact: unknown): string {
  const { subject, type } = fact as { subject: string; type: string };
  return `${subject.split('/')[1]} ${type.split('.').at(-1)}`;
}
