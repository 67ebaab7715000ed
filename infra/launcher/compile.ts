import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { translate } from '../translate.mjs';

/**
 * Gives a group translations of our processes, so that each of them starts four times as fast as with tsx: that is
 * what a killed gateway is away for. They are the group's own: a gateway that is started again runs what was launched,
 * not what is being edited.
 * @param scripts TypeScript files by name
 * @param folder where they go: beside what `translate` keeps, as their source maps are relative
 * @returns the files to run; the scripts themselves where they can't be translated
 */
export async function compile<Name extends string>(
  scripts: Record<Name, string>,
  folder: string,
  say: (line: string) => void,
): Promise<Record<Name, string>> {
  try {
    const names = Object.keys(scripts) as Name[];
    const translated = await translate(names.map((name) => scripts[name]));
    mkdirSync(folder, { recursive: true });
    const files = names.map((name, index) => {
      const file = path.join(folder, `${name}.mjs`);
      copyFileSync(translated[index] as string, file);
      return [name, file];
    });
    return Object.fromEntries(files) as Record<Name, string>;
  } catch (error) {
    say(`the processes are run without being translated first: ${(error as Error).message}`);
    rmSync(folder, { recursive: true, force: true });
    return scripts;
  }
}
