import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { ID_PATTERN, isId } from '../../bus/identity.ts';
import { nearest } from './nearest.ts';
import type { SettingPath } from './parse.ts';

/** Something found while reading settings; `part` tells which half of `name: value` is meant. */
export interface Finding {
  path: SettingPath;
  part: 'name' | 'value';
  message: string;
}

/** What reading found: faults forbid the configuration, warnings don't. */
export interface Findings {
  faults: Finding[];
  warnings: Finding[];
}

// What JSON Schema keywords and our own annotations a declaration may use.
interface Declared extends TSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Declared[];
  properties?: Record<string, Declared>;
  required?: string[];
  patternProperties?: Record<string, Declared>;
  items?: Declared;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
  expects?: string;
  keys?: string;
}

/** How a value is named to a person. */
const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of settings';
  if (typeof value === 'string') return 'text';
  return `the ${typeof value} ${String(value)}`;
};

/**
 * Checks a value against its declaration and fills in every default. Goes on after a fault, so that a person sees all
 * of them at once; the result is only whole when there were none.
 */
export function complete(declared: TSchema, value: unknown, findings: Findings, path: SettingPath = []): unknown {
  const schema = declared as Declared;
  if (value === undefined && schema.default !== undefined)
    return complete(schema, structuredClone(schema.default), findings, path);
  if (schema.anyOf) return completeUnion(schema, value, findings, path);
  if (schema.patternProperties) return completeRecord(schema, value, findings, path);
  if (schema.type === 'object') return completeObject(schema, value, findings, path);
  if (schema.type === 'array') return completeList(schema, value, findings, path);
  return completeLeaf(schema, value, findings, path);
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function completeObject(schema: Declared, value: unknown, findings: Findings, path: SettingPath): unknown {
  // `http:` with nothing after it is a person who commented its lines out.
  const given = value === null && schema.default !== undefined ? {} : value;
  if (!isGroup(given)) {
    findings.faults.push({
      path,
      part: 'value',
      message: `expected ${schema.expects ?? 'a group of settings'}, found ${kindOf(given)}`,
    });
    return given;
  }
  const properties = schema.properties ?? {};
  const whole: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(properties, name)) continue;
    const meant = nearest(name, Object.keys(properties));
    const hint = meant ? `did you mean "${meant}"?` : `known here: ${Object.keys(properties).join(', ')}`;
    findings.faults.push({ path: [...path, name], part: 'name', message: `there is no such setting; ${hint}` });
  }
  for (const [name, property] of Object.entries(properties)) {
    const inside = Object.hasOwn(given, name) ? given[name] : undefined;
    const required = schema.required?.includes(name) ?? false;
    if (inside === undefined && property.default === undefined) {
      if (required)
        findings.faults.push({ path, part: 'name', message: `"${name}" is missing: ${expectation(property)}` });
      continue;
    }
    // Only what is required has its default filled in: an optional group left out stays out.
    if (inside === undefined && !required) continue;
    whole[name] = complete(property, inside, findings, [...path, name]);
  }
  return whole;
}

function completeRecord(schema: Declared, value: unknown, findings: Findings, path: SettingPath): unknown {
  const given = value ?? {};
  if (!isGroup(given)) {
    findings.faults.push({
      path,
      part: 'value',
      message: `expected a group with a name for each, found ${kindOf(given)}`,
    });
    return given;
  }
  const [pattern, inside] = Object.entries(schema.patternProperties ?? {})[0] ?? [];
  if (pattern === undefined || inside === undefined) return given;
  const grammar = new RegExp(pattern);
  const whole: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(given)) {
    // An id may not be a name that objects inherit, which no pattern says.
    if (!grammar.test(name) || (pattern === ID_PATTERN && !isId(name))) {
      findings.faults.push({
        path: [...path, name],
        part: 'name',
        message: `expected ${schema.keys ?? 'another name'}`,
      });
    } else whole[name] = complete(inside, entry, findings, [...path, name]);
  }
  return whole;
}

function completeList(schema: Declared, value: unknown, findings: Findings, path: SettingPath): unknown {
  const given = value === null && schema.default !== undefined ? [] : value;
  if (!Array.isArray(given)) {
    findings.faults.push({
      path,
      part: 'value',
      message: `expected a list, found ${kindOf(given)}: write [ … ] or lines that start with -`,
    });
    return given;
  }
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (given.length < minItems || given.length > maxItems) {
    const bounds = maxItems === Number.POSITIVE_INFINITY ? `at least ${minItems}` : `${minItems} to ${maxItems}`;
    findings.faults.push({ path, part: 'value', message: `expected ${bounds} entries, found ${given.length}` });
    return given;
  }
  return given.map((entry, index) => complete(schema.items ?? {}, entry, findings, [...path, index]));
}

/** Takes the alternative that the value's own kind points to, so that a fault speaks of what the person was writing. */
function completeUnion(schema: Declared, value: unknown, findings: Findings, path: SettingPath): unknown {
  const branches = schema.anyOf ?? [];
  if (isGroup(value)) {
    const group = branches.find((branch) => branch.type === 'object');
    if (group) return complete(group, value, findings, path);
  }
  const leaf = branches.filter((branch) => branch.type !== 'object').find((branch) => Check(branch, value));
  if (leaf) return value;
  const names = branches.flatMap((branch) => branch.enum ?? [branch.const]).filter((name) => typeof name === 'string');
  const meant = typeof value === 'string' ? nearest(value, names) : undefined;
  const hint = meant ? `; did you mean "${meant}"?` : '';
  findings.faults.push({
    path,
    part: 'value',
    message: `expected ${schema.expects ?? 'another value'}, found ${kindOf(value)}${hint}`,
  });
  return value;
}

function completeLeaf(schema: Declared, value: unknown, findings: Findings, path: SettingPath): unknown {
  if (Check(schema, value)) return value;
  const names = (schema.enum ?? []).filter((name) => typeof name === 'string');
  const meant = typeof value === 'string' ? nearest(value, names) : undefined;
  const hint = meant ? `; did you mean "${meant}"?` : '';
  const needsQuotes = typeof value !== 'string' && !isGroup(value) && Check(schema, String(value));
  const found = needsQuotes ? `${kindOf(value)}: put it in quotes` : kindOf(value);
  findings.faults.push({
    path,
    part: 'value',
    message: `expected ${expectation(schema)}${found === 'text' ? '' : `, found ${found}`}${hint}`,
  });
  return value;
}

function expectation(schema: Declared): string {
  if (schema.expects) return schema.expects;
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  return schema.type === 'array' ? 'a list' : schema.type === 'object' ? 'a group of settings' : 'another value';
}
