import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseYaml } from '../config/parse.ts';
import { HIDDEN, withoutSecrets } from '../secrecy.ts';

/** Shorter ones would be found inside of ordinary words; where they stand as logins, the patterns find them. */
const SHORTEST = 4;

const linesOf = (text: string): string[] => text.split(/\r?\n/).map((line) => line.trim());

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(folder, entry.name));
  } catch {
    return [];
  }
}

const readIf = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
};

/** Every text in a value, with the name that it stands under. */
function* textsIn(value: unknown, name = ''): Generator<{ name: string; text: string }> {
  if (typeof value === 'string') yield { name, text: value };
  else if (Array.isArray(value)) for (const one of value) yield* textsIn(one, name);
  else if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, key);
  }
}

const loginOf = (text: string): string[] => {
  const [, login] = /^[a-z][a-z0-9+.-]*:\/\/([^\s/]+)@/i.exec(text) ?? [];
  const password = login?.slice(login.indexOf(':') + 1);
  return password ? [password, decoded(password)] : [];
};

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The secrets of an installation: of its data folder, in its configuration, and in the files that one names. */
export function knownSecrets(state: string, configFile: string): string[] {
  const { value } = parseYaml(readIf(configFile).toString('utf8'));
  const configured = [...textsIn(value)].flatMap(({ name, text }) => {
    const named = /(_file|^credentials|^key)$/.test(name) && path.resolve(path.dirname(configFile), text);
    return [...loginOf(text), ...(named ? linesOf(readIf(named).toString('utf8')) : [])];
  });
  const logins = filesIn(path.join(state, 'secrets')).flatMap((file) => {
    try {
      return [String((JSON.parse(readIf(file).toString('utf8')) as { password?: string }).password ?? '')];
    } catch {
      return [];
    }
  });
  const passwords = filesIn(path.join(state, 'passwords')).flatMap((file) => linesOf(readIf(file).toString('utf8')));
  const keys = filesIn(path.join(state, 'keys')).flatMap((file) => {
    const bytes = readIf(file);
    return [
      ...(file.endsWith('.pem') ? linesOf(bytes.toString('latin1')) : []),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ];
  });
  const hashes = ['people.json', 'services.json'].flatMap((file) =>
    [...textsIn(parseYaml(readIf(path.join(state, file)).toString('utf8')).value)]
      .filter(({ name }) => name === 'password' || name === 'hash')
      .map(({ text }) => text),
  );
  const all = [...configured, ...logins, ...passwords, ...keys, ...hashes];
  return [...new Set(all)].filter((text) => text.length >= SHORTEST && !text.startsWith('-----'));
}

/** As which it may stand in a text. */
const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

/**
 * Takes secrets out of texts: those that are known, however they are spelled, and whatever looks like one.
 * @param secrets see {@link knownSecrets}
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets.flatMap(spellings))].filter((text) => text.length >= SHORTEST);
  // The longer ones first, so that one that holds another goes whole.
  const escaped = known.sort((a, b) => b.length - a.length).map((text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const any = escaped.length > 0 ? new RegExp(escaped.join('|'), 'g') : undefined;
  return (text) => {
    const without = any ? text.replace(any, HIDDEN) : text;
    return withoutSecrets(without);
  };
}
