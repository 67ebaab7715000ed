import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Candidate, Transport } from './peer.wrtc/trial-sdp.ts';
import type { IceFault, IceMeans } from './peer.wrtc/wrtc.ts';

/** What a trial is made with. */
export interface Asked {
  means: IceMeans;
  /** Which of the relay's candidates it may use. */
  transport: Transport;
}

/** What it begins with. */
export interface Offered {
  offer: string;
  candidates: Candidate[];
  faults: IceFault[];
  gatherMs: number;
}

/** How far it came: no `connectMs`, no connection; no `mediaMs`, no packet. */
export interface Tried {
  connectMs?: number;
  mediaMs?: number;
}

/** A real WebRTC connection that is tried once, in a process of its own. */
export interface Trial {
  offered: Offered;
  finish(answer: string, patienceMs: number): Promise<Tried>;
  end(): void;
}

// From the folder of the packages, so that tsx is found wherever a command is given.
const root = fileURLToPath(new URL('..', import.meta.url));

/** Begins a trial. @throws Error when the process of it ended */
export async function beginTrial(asked: Asked): Promise<Trial> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'adapters/peer.wrtc/trial.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000);
  });
  child.stdin.on('error', () => {}); // its end is heard of below
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async <T>(message: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the WebRTC trial ended by itself: ${said || 'it said nothing'}`);
    return JSON.parse(value) as T;
  };
  try {
    return {
      offered: await ask<Offered>(asked),
      finish: (answer, patienceMs) => ask<Tried>({ answer, patienceMs }),
      end: () => child.kill('SIGKILL'),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
