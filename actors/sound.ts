import { SOUND_VERSION, soundHeard } from '../bus/events/sound.ts';
import type { SoundSlots } from '../machines/slots.ts';
import { soundMachine } from '../machines/sound.ts';
import { bind } from './bind.ts';
import type { CellKind } from './cell-kind.ts';

/** A sound cell: its machine with the given adapters in its slots. */
export function soundKind({ opus, alarm }: SoundSlots): CellKind {
  return {
    machine: soundMachine.provide({ actors: { opus: bind(opus), alarm: bind(alarm) } }),
    version: SOUND_VERSION,
    heard: soundHeard,
  };
}
