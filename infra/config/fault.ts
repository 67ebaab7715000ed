/** One thing that is wrong in a configuration, and where. */
export interface Fault {
  /** The setting: `cameras.cam_001.zone`; empty for the file as a whole. */
  setting: string;
  message: string;
  /** The environment variable that said it; otherwise the file did. */
  variable?: string;
  line?: number;
  column?: number;
}

/** A configuration that can't be used: nothing of it is applied. The message lists every fault with its place. */
export class ConfigError extends Error {
  readonly file: string;
  readonly faults: Fault[];
  constructor(file: string, faults: Fault[]) {
    const inOrder = faults.toSorted(
      (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
    );
    super(inOrder.map((fault) => faultText(file, fault)).join('\n'));
    this.name = 'ConfigError';
    this.file = file;
    this.faults = inOrder;
  }
}

/** A fault as one line: `FILE:LINE:COLUMN: setting: what is wrong`. */
export function faultText(file: string, fault: Fault): string {
  const place = fault.variable ?? [file, fault.line, fault.column].filter((part) => part !== undefined).join(':');
  return [place, fault.setting, fault.message].filter(Boolean).join(': ');
}
