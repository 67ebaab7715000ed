import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { MACHINES } from '../../actors/machines.ts';
import { replay } from '../../actors/replay.ts';
import { BroadcastFactSchema, broadcastSaid } from '../../bus/events/broadcast.ts';
import { CameraFactSchema, cameraSaid } from '../../bus/events/camera.ts';
import { IncidentFactSchema, incidentSaid } from '../../bus/events/incident.ts';
import { RelayFactSchema, relaySaid } from '../../bus/events/relay.ts';
import { ViewerFactSchema, viewerSaid } from '../../bus/events/viewer.ts';
import type { JournalRecord } from '../../bus/ports.ts';
import { shape } from '../../bus/shape.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.jsonl'));

/** What each kind of cell may say, and in what shape. */
const said = {
  camera: { types: cameraSaid, data: shape('camera fact', CameraFactSchema) },
  viewer: { types: viewerSaid, data: shape('viewer fact', ViewerFactSchema) },
  relay: { types: relaySaid, data: shape('relay fact', RelayFactSchema) },
  incident: { types: incidentSaid, data: shape('incident fact', IncidentFactSchema) },
  broadcast: { types: broadcastSaid, data: shape('broadcast fact', BroadcastFactSchema) },
};

/** Journals of a real run of the demo, one file per machine and version: a plug pulled, an intake killed, a page closed. */
describe('a journal of long ago', () => {
  for (const file of files) {
    it(`${file} says only what is declared, and still leads to the states that were recorded in it`, () => {
      const lives = new Map<string, JournalRecord[]>();
      for (const line of readFileSync(path.join(import.meta.dirname, file), 'utf8')
        .trim()
        .split('\n')) {
        const record = JSON.parse(line) as JournalRecord;
        const life = `${record.cell}/${record.incarnation}`;
        lives.set(life, [...(lives.get(life) ?? []), record]);
      }
      expect(lives.size).to.be.greaterThan(0);
      for (const { kind, said: facts } of [...lives.values()].flat()) {
        for (const fact of facts) {
          expect(said[kind].types).to.include(fact.type.replace('signalbox.', ''));
          said[kind].data.parse(fact.data);
        }
      }
      for (const [life, records] of lives) {
        const machine = MACHINES[records[0]?.kind ?? 'camera'];
        expect(replay(machine, records).firstDifference, life).to.equal(undefined);
      }
    });
  }
});
