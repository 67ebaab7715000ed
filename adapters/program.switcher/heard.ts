import type { ProgramInput, ProgramReport } from '../../machines/slots.ts';
import type { HoldingTold, OutputTold, SourceTold, SwitchedTold } from '../switch.rtp/talk.ts';

/** What was heard of one camera, and what was made of it. */
export interface Heard {
  input: ProgramInput;
  report(event: ProgramReport): void;
  /** The relays that it is ordered for. */
  relays: readonly string[];
  outputs: Map<string, OutputTold>;
  sources: Map<string, SourceTold>;
  /** What its sources flow in: the slate has to be the same. */
  codec?: string;
  /** Set while the switcher itself is gone. */
  away?: string;
  /** The last change of what feeds the program; told once the program is up. */
  change?: SwitchedTold | HoldingTold;
  toldProgram?: 'up' | 'lost';
  toldSources: Map<string, string>;
}

function sourceReport(told: SourceTold): ProgramReport | undefined {
  const { source, codec, width, height, silent_ms, detail } = told;
  switch (told.state) {
    case 'flowing':
      return {
        ...{ type: 'source.flowing', source, codec: codec ?? '' },
        ...(width && height ? { width, height } : {}),
        ...(detail === undefined ? {} : { detail }),
      };
    case 'silent':
      return { type: 'source.silent', source, silent_ms: silent_ms ?? 0 };
    case 'ended':
      return { type: 'source.ended', source, detail: told.detail ?? '' };
    case 'aside':
      return {
        ...{ type: 'source.aside', source, reason: told.reason ?? 'codec', detail: told.detail ?? '' },
        ...(silent_ms === undefined ? {} : { silent_ms }),
      };
    case 'opening':
      return undefined;
  }
}

/** A change of what feeds a program, as its camera hears it. */
export function changeReport(told: SwitchedTold | HoldingTold): ProgramReport {
  const { from, detect_ms } = told;
  if (told.type === 'holding') return { type: 'program.holding', from, trigger: told.trigger, detect_ms };
  const { source, trigger, how, gap_ms, burst_frames } = told;
  const burst = burst_frames === undefined ? {} : { burst_frames };
  return { type: 'program.switched', source, from, trigger, how, detect_ms, gap_ms, ...burst };
}

/** The relays that have the program now. */
export const relaysOf = ({ outputs }: Heard): string[] =>
  [...outputs.values()].filter(({ state }) => state === 'up').map(({ relay }) => relay);

/** It is ordered for these relays now: what was heard of others is over. @returns the same */
export function orderFor(heard: Heard, relays: readonly string[]): Heard {
  for (const relay of [...heard.outputs.keys()]) if (!relays.includes(relay)) heard.outputs.delete(relay);
  heard.relays = relays;
  return heard;
}

/** Reports what changed since the last time, and only that. */
export function reportNews(heard: Heard): void {
  const outputs = [...heard.outputs.values()];
  const up = !heard.away && outputs.some(({ state }) => state === 'up');
  const down = outputs.find(({ state }) => state === 'down');
  if (up) {
    if (heard.toldProgram === 'lost') {
      heard.report({ type: 'program.restored' });
      // What the sources did meanwhile was told to one who could do nothing with it.
      heard.toldSources.clear();
    }
    heard.toldProgram = 'up';
  } else if (heard.toldProgram !== 'lost' && (heard.away || down)) {
    heard.toldProgram = 'lost';
    heard.report({ type: 'program.lost', detail: heard.away ?? `${down?.relay}: ${down?.detail ?? 'down'}` });
  }
  for (const [source, told] of heard.sources) {
    const event = sourceReport(told);
    // A picture flows when viewers can have it, and that takes a program path.
    if (!event || (event.type === 'source.flowing' && !up)) continue;
    const key = `${told.state} ${told.codec} ${told.width}x${told.height} ${told.reason} ${told.state === 'flowing' ? told.detail : ''}`;
    if (heard.toldSources.get(source) === key) continue;
    heard.toldSources.set(source, key);
    heard.report(event);
  }
}
