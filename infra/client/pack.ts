import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { compile } from 'json-schema-to-typescript';
import manifest from '../../package.json' with { type: 'json' };
import { type AsyncApi, factsSchema, type OpenApi, routesSchema, type Schema } from './schemas.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const RUNTIME = path.join(import.meta.dirname, 'runtime');
const NAME = 'signalbox-client';

/** Types from a schema; bounds on lengths stay the gateway's to check. */
const typesOf = (schema: Schema, name: string): Promise<string> =>
  compile(schema, name, {
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    bannerComment: `/* Made by \`npm run client\` from what a gateway tells of its interface. */`,
    style: { singleQuote: true, printWidth: 120 },
  });

/** The declarations of the code that is in the package. */
async function declare(folder: string): Promise<void> {
  const words = ['--declaration', '--emitDeclarationOnly', '--allowImportingTsExtensions', '--outDir', folder];
  const project = ['--target', 'es2023', '--module', 'esnext', '--moduleResolution', 'bundler', '--strict'];
  const more = ['--lib', 'es2023,dom,dom.iterable', '--types', '', '--rootDir', ROOT, '--ignoreConfig'];
  const files = [path.join(RUNTIME, 'connect.ts')];
  await promisify(execFile)(path.join(ROOT, 'node_modules/.bin/tsc'), [...words, ...project, ...more, ...files]);
  const made = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'));
  for (const file of made.map((name) => path.join(folder, name))) {
    // Whoever takes the package has the declarations alone, and not the sources that they name.
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
}

/**
 * Makes the typed client of one interface: a package without dependencies, for Node, browsers and bundlers.
 * @param folder is filled with it
 * @returns the file that \`npm install\` takes
 */
export async function packClient(openapi: OpenApi, asyncapi: AsyncApi, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  const [routes, facts] = await Promise.all([
    typesOf(routesSchema(openapi), 'Routes'),
    typesOf(factsSchema(asyncapi), 'Facts'),
    declare(path.join(folder, 'types')),
    build({
      stdin: {
        contents: `export { connect } from './connect.ts'; export { Refused } from './refused.ts';`,
        resolveDir: RUNTIME,
      },
      outfile: path.join(folder, 'index.js'),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      logLevel: 'silent',
    }),
  ]);
  write('routes.d.ts', routes);
  write('facts.d.ts', facts);
  copyFileSync(path.join(import.meta.dirname, 'index.d.ts'), path.join(folder, 'index.d.ts'));
  copyFileSync(path.join(import.meta.dirname, 'README.md'), path.join(folder, 'README.md'));
  copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  const { version, license, engines } = manifest;
  const description = 'The interface of a Signalbox gateway, with types';
  const exports = { '.': { types: './index.d.ts', default: './index.js' } };
  const files = ['index.js', '*.d.ts', 'types'];
  const told = {
    name: NAME,
    version,
    description,
    license,
    type: 'module',
    exports,
    types: './index.d.ts',
    files,
    engines,
  };
  write('package.json', `${JSON.stringify(told, null, 2)}\n`);
  const packed = await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: folder });
  return path.join(folder, packed.stdout.trim());
}
