import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin, stop } from 'esbuild';

/** A bundled file still finds what lies beside its source. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
      loader: 'ts',
      contents: readFileSync(file, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href)),
    }));
  },
};

/**
 * Translates our processes once, so that each of them starts three times as fast as with tsx: that is what a killed
 * gateway is away for. A gateway that is started again also runs what was launched, not what is being edited.
 * @param scripts TypeScript files by name
 * @param folder where the results go; inside the repository, because packages are looked for from there
 * @returns the files to run; the scripts themselves where they can't be translated
 */
export async function compile<Name extends string>(
  scripts: Record<Name, string>,
  folder: string,
  say: (line: string) => void,
): Promise<Record<Name, string>> {
  try {
    mkdirSync(folder, { recursive: true });
    await build({
      entryPoints: scripts,
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: true,
      logLevel: 'silent',
      plugins: [keepPlaces],
    });
    await stop();
    const names = Object.keys(scripts) as Name[];
    return Object.fromEntries(names.map((name) => [name, path.join(folder, `${name}.mjs`)])) as Record<Name, string>;
  } catch (error) {
    say(`the processes are run without being translated first: ${(error as Error).message}`);
    rmSync(folder, { recursive: true, force: true });
    return scripts;
  }
}
