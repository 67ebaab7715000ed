import type { MediaTrack } from '../rtsp/sdp.ts';
import type { KeptConnections } from './kept-connections.ts';
import { keepOutput, type Output, type OutputStanding } from './output.ts';
import type { CarryOrder, OutputTold } from './talk.ts';

/** A program path at each delivery relay that needs it. */
export interface Outputs extends Pick<Output, 'publish' | 'writeVideo' | 'write' | 'flush' | 'close'> {
  /** Keeps exactly those that are ordered. */
  adjust(order: Pick<CarryOrder, 'name' | 'outputs'>): void;
  /** How they stand, those of which anything is known. */
  standings(): OutputTold[];
}

/** @param published what the program is published with; undefined before its first source */
export function keepOutputs(
  camera: string,
  published: () => MediaTrack[] | undefined,
  told: (message: OutputTold) => void,
  kept: KeptConnections,
): Outputs {
  const outputs = new Map<string, Output>();

  const open = (relay: string, name: string, url: string): Output => {
    const tell = (standing: OutputStanding) => told({ type: 'output', camera, relay, ...standing });
    const output = keepOutput(relay, name, url, tell, kept);
    const tracks = published();
    if (tracks) output.publish(tracks);
    return output;
  };

  return {
    adjust({ name, outputs: wanted }) {
      for (const [relay, output] of outputs) {
        if (wanted.some((one) => one.relay === relay)) continue;
        output.close();
        outputs.delete(relay);
      }
      for (const { relay, url } of wanted) {
        const present = outputs.get(relay);
        if (present) present.adjust(url);
        else outputs.set(relay, open(relay, name, url));
      }
    },
    publish(tracks) {
      for (const output of outputs.values()) output.publish(tracks);
    },
    writeVideo(frame, keyStart) {
      for (const output of outputs.values()) output.writeVideo(frame, keyStart);
    },
    write(frame) {
      for (const output of outputs.values()) output.write(frame);
    },
    flush() {
      for (const output of outputs.values()) output.flush();
    },
    standings() {
      const told: OutputTold[] = [];
      for (const [relay, output] of outputs) {
        const standing = output.standing();
        if (standing) told.push({ type: 'output', camera, relay, ...standing });
      }
      return told;
    },
    close() {
      for (const output of outputs.values()) output.close();
    },
  };
}
