import { expect } from 'chai';
import fc from 'fast-check';
import { type Chart, drawChart } from '../../../adapters/browser/dashboard/chart-layout.ts';
import { hearEmergency, incidentAt, lampOf, NO_EMERGENCIES } from '../../../adapters/browser/dashboard/emergency.ts';
import { arrange } from '../../../adapters/browser/dashboard/layout.ts';
import {
  cameraOf,
  EMPTY_WORLD,
  factOf,
  hearFact,
  readWorld,
  relayOf,
  type World,
} from '../../../adapters/browser/dashboard/model.ts';
import { createEventReader, type ServerEvent } from '../../../adapters/browser/dashboard/sse.ts';
import { duration, span, timeOfDay } from '../../../adapters/browser/dashboard/time.ts';
import { wordsFor } from '../../../adapters/browser/dashboard/words.ts';

describe('the wall', () => {
  it('uses the arrangement with the largest pictures, and never more room than there is', () => {
    const size = fc.integer({ min: 640, max: 4_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), size, size, (count, width, height) => {
        const { columns, rows, tileWidth, tileHeight } = arrange(count, { width, height }, 8, 46);
        expect(columns * rows).to.be.at.least(count);
        expect(columns * tileWidth + (columns - 1) * 8).to.be.at.most(width);
        if (tileWidth > 0) expect(rows * tileHeight + (rows - 1) * 8).to.be.at.most(height + 1);
      }),
    );
    expect(arrange(9, { width: 1_424, height: 840 }, 8, 46)).to.include({ columns: 3, rows: 3 });
    expect(arrange(3, { width: 1_424, height: 840 }, 8, 46)).to.include({ columns: 2, rows: 2 });
    expect(arrange(3, { width: 1_424, height: 420 }, 8, 46)).to.include({ columns: 3, rows: 1 });
  });

  it('is one column on a phone', () => {
    expect(arrange(16, { width: 374, height: 700 }, 8, 46)).to.include({ columns: 1, tileWidth: 374 });
  });
});

describe('the event stream', () => {
  const read = (...pieces: string[]): ServerEvent[] => {
    const events: ServerEvent[] = [];
    const feed = createEventReader((event) => events.push(event));
    pieces.forEach(feed);
    return events;
  };

  it('is read the same wherever the network cuts it', () => {
    const whole = 'retry: 1000\n\nid: 7\nevent: x\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: still here\nid: 9\n\ndata: é\n\n';
    const expected = read(whole);
    expect(expected).to.deep.equal([
      { id: '7', name: 'x', data: '{"a":\n1}' },
      { id: '9', name: 'id' },
      { id: '9', name: 'message', data: 'é' },
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: whole.length })), (cuts) => {
        const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => whole.slice(at[index], end));
        expect(read(...pieces)).to.deep.equal(expected);
      }),
    );
  });

  it('survives any text', () => {
    fc.assert(fc.property(fc.array(fc.string()), (pieces) => void read(...pieces)));
  });
});

describe('what the page knows', () => {
  const camera = (id: string, state: string, since: number) =>
    cameraOf({ id, name: id, zone: 'hcm', state, since, why: { trigger: 't', text: 'x' }, viewers: 2 });
  const fact = (id: string, state: string, since: number, seq: number) =>
    factOf(
      {
        type: `signalbox.camera.${state}`,
        subject: `camera/${id}`,
        time: new Date(since).toISOString(),
        data: { state, since, from: 'live', why: { trigger: 'source.silent', text: 'it sends nothing' } },
      },
      seq,
    );
  const world: World = { ...EMPTY_WORLD, cameras: [camera('a', 'live', 100), camera('b', 'idle', 100)] };
  const hear = (before: World, heard: ReturnType<typeof fact>): World => (heard ? hearFact(before, heard) : before);

  it('follows a camera’s facts, with why', () => {
    const after = hear(world, fact('a', 'stalled', 200, 1));
    expect(after.cameras[0]).to.include({ state: 'stalled', since: 200 });
    expect(after.cameras[0]?.why?.text).to.equal('it sends nothing');
    expect(after.cameras[1]).to.equal(world.cameras[1]);
  });

  it('is not set back by an old fact, nor by the same fact twice', () => {
    const after = hear(world, fact('a', 'stalled', 50, 1));
    expect(after.cameras[0]?.state).to.equal('live');
    expect(hear(after, fact('a', 'stalled', 50, 1))).to.equal(after);
  });

  it('is not set back by a list that was read before a fact arrived', () => {
    const after = hear(world, fact('a', 'offline', 300, 4));
    const read = readWorld(after, [camera('a', 'live', 100)], [relayOf({ id: 'r', state: 'serving', since: 1 })]);
    expect(read.cameras).to.have.length(1);
    expect(read.cameras[0]).to.include({ state: 'offline', since: 300, viewers: 2 });
  });

  it('keeps what it heard while it read: the answer may be older', () => {
    const data = { from: 'live', state: 'live', since: 100, active_source: '1', recover_ms: 67 };
    const event = { type: 'signalbox.camera.switched', subject: 'camera/a', time: new Date(200).toISOString(), data };
    const after = hear(world, factOf(event, 2));
    const asked = [cameraOf({ id: 'a', state: 'live', since: 100, active_source: '0' })];
    expect(readWorld(after, asked, [], world).cameras[0]).to.deep.include({ activeSource: '1' });
    expect(readWorld(after, asked, [], after).cameras[0], 'asked for afterwards').to.include({ activeSource: '0' });
  });

  it('knows how long a picture was away that came back by itself, and nothing of the kind of one that only began', () => {
    const live = (more: object) => {
      const data = { from: 'offline', state: 'live', since: 300, active_source: '0', ...more };
      const event = { type: 'signalbox.camera.live', subject: 'camera/a', time: new Date(300).toISOString(), data };
      return hear(world, factOf(event, 3)).cameras[0]?.switched;
    };
    expect(live({ recover_ms: 9_000 })).to.include({ at: 300, to: '0', gapMs: 9_000 });
    expect(live({})).to.equal(undefined);
  });

  it('loses a camera that was removed', () => {
    expect(hear(world, fact('a', 'removed', 200, 2)).cameras.map(({ id }) => id)).to.deep.equal(['b']);
  });

  it('loses a relay that was removed, unless it was read anew since', () => {
    const relays = [
      relayOf({ id: 'r', state: 'draining', since: 100 }),
      relayOf({ id: 's', state: 'serving', since: 300 }),
    ];
    const removed = (relay: string, since: number) => {
      const data = { from: 'draining', state: 'removed', since };
      const event = {
        type: 'signalbox.relay.removed',
        subject: `relay/${relay}`,
        time: new Date(since).toISOString(),
        data,
      };
      return factOf(event, since);
    };
    const left = (relay: string) => hear({ ...world, relays }, removed(relay, 200)).relays.map(({ id }) => id);
    expect(left('r')).to.deep.equal(['s']);
    expect(left('s')).to.deep.equal(['r', 's']);
  });

  it('survives whatever a gateway sends', () => {
    fc.assert(
      fc.property(fc.anything(), fc.dictionary(fc.string(), fc.anything()), (event, item) => {
        const heard = factOf(event, 1);
        if (heard) hearFact(world, heard);
        cameraOf(item);
        relayOf(item);
      }),
    );
    const event = fc.record({
      type: fc.string(),
      subject: fc.constant('camera/a'),
      time: fc.anything(),
      data: fc.object(),
    });
    fc.assert(fc.property(event, (sent) => void hear(world, factOf(sent, 2))));
  });
});

describe('what the page knows of emergencies', () => {
  const told = (kind: string, id: string, data: Record<string, unknown>) => {
    const heard = factOf({ type: `signalbox.${kind}.${data.state}`, subject: `${kind}/${id}`, data }, 1);
    if (!heard) throw new Error('no fact');
    return heard;
  };
  const fire = { cameras: ['a', 'b'], reason: 'fire', until: 9_000, drill: false, state: 'active', since: 10 };
  const known = hearEmergency(NO_EMERGENCIES, told('incident', 'inc_1', fire));

  it('begins and ends with what is told of an incident, and old news sets nothing back', () => {
    expect(incidentAt(known, 'a')).to.include({ id: 'inc_1', reason: 'fire', until: 9_000 });
    expect(incidentAt(known, 'c')).to.equal(undefined);
    const renewed = hearEmergency(known, told('incident', 'inc_1', { ...fire, until: 20_000, since: 30 }));
    const late = hearEmergency(renewed, told('incident', 'inc_1', { ...fire, state: 'closed', since: 20 }));
    expect(incidentAt(late, 'a')).to.include({ until: 20_000 });
    expect(hearEmergency(late, told('incident', 'inc_1', { ...fire, state: 'closed', since: 40 }))).to.deep.equal(
      NO_EMERGENCIES,
    );
  });

  it('tells a tile of the emergency before the drill, and of the one that lasts longest', () => {
    const more = { ...fire, cameras: ['a'] };
    const drill = hearEmergency(known, told('incident', 'inc_2', { ...more, drill: true, until: 99_000 }));
    expect(incidentAt(drill, 'a')?.id).to.equal('inc_1');
    const longer = hearEmergency(drill, told('incident', 'inc_3', { ...more, until: 50_000 }));
    expect(incidentAt(longer, 'a')?.id).to.equal('inc_3');
  });

  it('lights a lamp for each push, and a slate is no success', () => {
    const push = { camera: 'a', destination: 'city-tv', state: 'on-air', since: 1, picture: true };
    const [one] = hearEmergency(NO_EMERGENCIES, told('broadcast', 'a--city-tv', push)).broadcasts;
    expect(lampOf(one)).to.include({ lamp: 'air', word: 'on air' });
    expect(lampOf(one && { ...one, picture: false })).to.include({ lamp: 'slate' });
    expect(lampOf(one && { ...one, state: 'retrying' })).to.include({ lamp: 'trying', word: 'retrying' });
    expect(lampOf(undefined)).to.include({ lamp: 'off' });
  });
});

describe('a statechart', () => {
  const chart: Chart = {
    current: 'live',
    states: ['idle', 'connecting', 'live', 'offline', 'stalled', 'lonely'].map((name) => ({ name })),
    transitions: [
      { from: 'idle', to: 'connecting', on: 'audience.joined' },
      { from: 'connecting', to: 'live', on: 'source.flowing' },
      { from: 'connecting', to: 'offline', on: 'probe.failed' },
      { from: 'live', to: 'stalled', on: 'source.silent' },
      { from: 'stalled', to: 'connecting', on: 'source.ended' },
      { from: 'stalled', to: 'connecting', on: 'intake.refused' },
      { from: 'live', to: 'live', on: 'camera.configured' },
      { from: 'live', to: 'unheard-of', on: 'x' },
    ],
  };

  it('shows every state once, inside the drawing, and no two in the same place', () => {
    const { boxes, width, height } = drawChart(chart);
    expect(boxes.map(({ name }) => name)).to.have.members(chart.states.map(({ name }) => name));
    for (const box of boxes) {
      expect(box.x - box.width / 2).to.be.at.least(0);
      expect(box.x + box.width / 2).to.be.at.most(width);
      expect(box.y).to.be.within(0, height);
      const clash = boxes.find(
        (other) => other !== box && other.y === box.y && Math.abs(other.x - box.x) < (other.width + box.width) / 2,
      );
      expect(clash).to.equal(undefined);
    }
  });

  it('draws one arrow from a state to another, with everything that leads there', () => {
    const { arrows } = drawChart(chart);
    const back = arrows.filter(({ from, to }) => from === 'stalled' && to === 'connecting');
    expect(back.map(({ on }) => on)).to.deep.equal([['source.ended', 'intake.refused']]);
    expect(arrows).to.have.length(5);
    for (const { path } of arrows) expect(path).to.not.contain('NaN');
  });

  it('is drawn even when it is empty', () => {
    expect(drawChart({ current: '', states: [], transitions: [] }).boxes).to.deep.equal([]);
  });
});

describe('words and times', () => {
  it('tell how long as a person would', () => {
    expect(duration(8_400)).to.equal('8 s');
    expect(duration(200_000)).to.equal('3 min 20 s');
    expect(duration(7_500_000)).to.equal('2 h 05 min');
    expect(duration(4 * 86_400_000 + 3 * 3_600_000)).to.equal('4 d 3 h');
    expect(duration(-5)).to.equal('0 s');
    expect([66.7, 1_437, 9_960, 12_345].map(span)).to.deep.equal(['67 ms', '1.4 s', '10.0 s', '12 s']);
  });

  it('name the day when it was another one', () => {
    const now = Date.parse('2026-11-23T12:00:00');
    expect(timeOfDay(now - 3_600_000, now)).to.equal('11:00:00');
    expect(timeOfDay(now - 86_400_000, now)).to.equal('2026-11-22 12:00:00');
  });

  it('tell frozen from offline by word, sign and picture', () => {
    const [frozen, offline] = [wordsFor('frozen'), wordsFor('offline')];
    expect(frozen.word).to.not.equal(offline.word);
    expect(frozen.sign).to.not.equal(offline.sign);
    expect([frozen.dark, offline.dark]).to.deep.equal([false, true]);
  });

  it('tell somebody with a wrong password what to do', () => {
    expect(wordsFor('offline', 'unauthorized').next).to.contain('Check the password');
  });

  it('show a state that this page does not know under its own name', () => {
    expect(wordsFor('hibernating')).to.include({ word: 'hibernating', dark: false });
  });
});
