import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { AnyStateMachine } from 'xstate';
import { replay } from '../../actors/replay.ts';
import { CameraFactSchema, cameraSaid } from '../../bus/events/camera.ts';
import { RelayFactSchema, relaySaid } from '../../bus/events/relay.ts';
import { RenditionFactSchema, renditionSaid } from '../../bus/events/rendition.ts';
import { ViewerFactSchema, viewerSaid } from '../../bus/events/viewer.ts';
import type { JournalRecord } from '../../bus/ports.ts';
import { shape } from '../../bus/shape.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { relayMachine } from '../../machines/relay.ts';
import { renditionMachine } from '../../machines/rendition.ts';
import { viewerMachine } from '../../machines/viewer.ts';

const machines: Record<string, AnyStateMachine> = {
  camera: cameraMachine,
  viewer: viewerMachine,
  relay: relayMachine,
  rendition: renditionMachine,
};
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.jsonl'));

/** What each kind of cell may say, and in what shape. */
const said = {
  camera: { types: cameraSaid, data: shape('camera fact', CameraFactSchema) },
  viewer: { types: viewerSaid, data: shape('viewer fact', ViewerFactSchema) },
  relay: { types: relaySaid, data: shape('relay fact', RelayFactSchema) },
  rendition: { types: renditionSaid, data: shape('rendition fact', RenditionFactSchema) },
};

/**
 * Journals of a real run of the demo, one file per machine and version: a plug pulled, an intake killed, a page closed.
 * The rendition's is of real cells whose FFmpeg was scripted: four failures, another codec, other rungs.
 */
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
        const machine = machines[records[0]?.kind ?? ''] as AnyStateMachine;
        expect(replay(machine, records).firstDifference, life).to.equal(undefined);
      }
    });
  }
});
