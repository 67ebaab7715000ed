import type { Moment } from '../../actors/stretch.ts';
import { BrokenArchive, readArchive } from '../archive/file.ts';
import type { Line } from '../archive/lines.ts';
import { parsedLines } from '../archive/make.ts';
import { isPackage, openLog } from '../package/log.ts';
import { exportedLines } from './export-stream.ts';
import { type CommonOptions, reach } from './reach.ts';
import { CommandFailed, type Terminal } from './terminal.ts';

/** A recorded log: of the running group, or of a file. */
export interface Recorded {
  lines: AsyncIterable<Line>;
  until: Moment;
  /** The state that a file's manifest promises for its end; undefined when it is not folded to there. */
  promised?: string;
}

/**
 * Opens what was recorded.
 * @param until a moment; undefined: to the end
 * @throws CommandFailed, also while the lines are read: a file is only proved whole at its end
 */
export async function openRecorded(
  out: Terminal,
  options: CommonOptions & { file?: string },
  until: Moment | undefined,
): Promise<Recorded> {
  if (options.file !== undefined) return ofFile(options.file, until);
  const query = new URLSearchParams({ facts: 'false' });
  if (until?.at !== undefined) query.set('to', String(Math.round(until.at)));
  if (until?.seq !== undefined) query.set('seq', String(until.seq));
  return { lines: parsedLines(exportedLines(out, reach(options, out), query)), until: until ?? {} };
}

async function ofFile(file: string, until: Moment | undefined): Promise<Recorded> {
  const { head, lines, close } = await openFile(file).catch((error) => {
    throw asFailure(file, error);
  });
  const checked = async function* () {
    try {
      yield* lines;
    } catch (error) {
      throw asFailure(file, error);
    } finally {
      await close();
    }
  };
  return { lines: checked(), until: until ?? { at: head.to }, ...(until ? {} : { promised: head.state }) };
}

/** Opens an archive, or the one in a package of video and log. */
async function openFile(file: string) {
  if (!(await isPackage(file))) return { ...(await readArchive(file)), close: async () => {} };
  const log = await openLog(file);
  try {
    return { ...(await readArchive(log.file)), close: log.close };
  } catch (error) {
    await log.close();
    throw error;
  }
}

function asFailure(file: string, error: unknown): unknown {
  if (error instanceof BrokenArchive) return new CommandFailed(`${error.message}; fetch or export it again`);
  const { code } = error as NodeJS.ErrnoException;
  const unreadable = code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR';
  return unreadable ? new CommandFailed(`${file} can't be read (${code})`) : error;
}
