import type { TSchema } from 'typebox';
import { nearest } from './nearest.ts';
import type { SettingPath } from './parse.ts';

/** An environment variable that overrides a setting. */
export interface Variable {
  name: string;
  path: SettingPath;
  kind: 'text' | 'number' | 'boolean' | 'list';
  description?: string;
  fallback?: unknown;
}

/** Values that variables gave, and which variable said what. */
export interface Overrides {
  entries: { variable: Variable; value: unknown }[];
  /** Variables of our own prefix that override nothing. */
  unknown: { name: string; meant?: string }[];
}

const PREFIX = 'SIGNALBOX_';

/** Variables that are no settings: they tell where programs are, and are read before there is a configuration. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  SIGNALBOX_MEDIAMTX: 'the mediamtx to run',
  SIGNALBOX_NATS_SERVER: 'the nats-server to run',
  SIGNALBOX_REDIS_SERVER: 'the redis-server to run',
  SIGNALBOX_FFMPEG: 'the ffmpeg to run',
  SIGNALBOX_NGINX: 'the nginx to run',
  SIGNALBOX_TURNSERVER: 'the turnserver to run, in tests',
  SIGNALBOX_CHROMIUM: 'the chromium to run, in tests',
  SIGNALBOX_GO: 'the go that set-up builds with, where no release can be downloaded',
  SIGNALBOX_RELEASES: 'the mirror of github.com that set-up downloads from',
};

interface Declared extends TSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Declared[];
  properties?: Record<string, Declared>;
  items?: Declared;
  default?: unknown;
  description?: string;
}

/** Every variable that a declaration allows: one for each setting that has a fixed place and a plain value. */
export function variablesOf(declared: TSchema, path: SettingPath = []): Variable[] {
  const schema = declared as Declared;
  if (schema.anyOf) {
    const found = schema.anyOf.flatMap((branch) => variablesOf(branch, path));
    const seen = new Set<string>();
    return found.filter(({ name }) => !seen.has(name) && seen.add(name));
  }
  if (schema.properties) {
    return Object.entries(schema.properties).flatMap(([name, inside]) => variablesOf(inside, [...path, name]));
  }
  const kind = kindOf(schema);
  if (!kind || path.length === 0) return [];
  const variable: Variable = { name: PREFIX + path.join('_').toUpperCase(), path, kind };
  if (schema.description) variable.description = schema.description;
  if (schema.default !== undefined) variable.fallback = schema.default;
  return [variable];
}

function kindOf(schema: Declared): Variable['kind'] | undefined {
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'boolean') return 'boolean';
  if (schema.type === 'string' || schema.enum || typeof schema.const === 'string') return 'text';
  return schema.type === 'array' && schema.items?.type === 'string' ? 'list' : undefined;
}

/** What the environment overrides. Lists are separated by commas; an empty variable counts as absent. */
export function readOverrides(declared: TSchema, env: NodeJS.ProcessEnv): Overrides {
  const variables = new Map(variablesOf(declared).map((variable) => [variable.name, variable]));
  const overrides: Overrides = { entries: [], unknown: [] };
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || !text || Object.hasOwn(OTHER_VARIABLES, name)) continue;
    const variable = variables.get(name);
    if (variable) overrides.entries.push({ variable, value: converted(variable, text) });
    else {
      const meant = nearest(
        name.slice(PREFIX.length),
        [...variables.keys()].map((known) => known.slice(PREFIX.length)),
      );
      overrides.unknown.push(meant ? { name, meant: PREFIX + meant } : { name });
    }
  }
  return overrides;
}

// What can't be converted stays text, and is refused with the setting's own expectation.
function converted(variable: Variable, text: string): unknown {
  if (variable.kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  if (variable.kind === 'number' && /^-?[0-9]+(\.[0-9]+)?$/.test(text)) return Number(text);
  if (variable.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Lays overrides over what a file said, without touching it. A plain value in the way of a group is replaced. */
export function applyOverrides(value: unknown, overrides: Overrides): unknown {
  const isGroup = (inside: unknown) => typeof inside === 'object' && inside !== null && !Array.isArray(inside);
  // Anything but a group of settings is a fault of its own, and stays to be told.
  if (value !== null && value !== undefined && !isGroup(value)) return value;
  const result = structuredClone(value ?? {}) as Record<string, unknown>;
  for (const { variable, value: given } of overrides.entries) {
    let inside = result;
    for (const step of variable.path.slice(0, -1)) {
      if (!Object.hasOwn(inside, step) || !isGroup(inside[step])) inside[step] = {};
      inside = inside[step] as Record<string, unknown>;
    }
    inside[variable.path.at(-1) as string] = given;
  }
  return result;
}
