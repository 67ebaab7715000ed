import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { complete, type Finding, type Findings } from './config/complete.ts';
import { settings } from './config/declaration.ts';
import { applyOverrides, readOverrides } from './config/environment.ts';
import { ConfigError, type Fault, faultText } from './config/fault.ts';
import type { Config } from './config/model.ts';
import { MAX_CONFIG_BYTES, parseYaml } from './config/parse.ts';
import { resolve } from './config/resolve.ts';

/**
 * Reads a configuration file and lays the environment over it.
 * @throws ConfigError listing every fault with file, line and column, what is wrong and the nearest valid name
 */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): Config {
  return readConfig(file, readText(file), env);
}

/** The same for a text that has been read already. @throws ConfigError */
export function readConfig(file: string, text: string, env: NodeJS.ProcessEnv): Config {
  const yaml = parseYaml(text);
  if (yaml.faults.length > 0) throw new ConfigError(file, yaml.faults);
  const overrides = readOverrides(settings.schema, env);
  const placed = ({ path: at, part, message }: Finding): Fault => {
    const setting = at.join('.');
    const said = overrides.entries.find(({ variable }) => setting.startsWith(variable.path.join('.')));
    return said ? { setting, message, variable: said.variable.name } : { setting, message, ...yaml.place(at, part) };
  };
  const findings: Findings = { faults: [], warnings: [] };
  const fail = () => new ConfigError(file, findings.faults.map(placed));
  const whole = complete(settings.schema, applyOverrides(yaml.value, overrides), findings);
  if (findings.faults.length > 0) throw fail();
  const config = resolve(path.resolve(file), settings.parse(whole), findings);
  if (findings.faults.length > 0) throw fail();
  config.warnings = [
    ...findings.warnings.map((finding) => faultText(file, placed(finding))),
    ...overrides.unknown.map(
      ({ name, meant }) => `${name}: overrides nothing${meant ? `; did you mean ${meant}?` : ''}`,
    ),
  ];
  return config;
}

function readText(file: string): string {
  const fail = (message: string) => new ConfigError(file, [{ setting: '', message }]);
  try {
    if (statSync(file).size > MAX_CONFIG_BYTES)
      throw fail(`the file is larger than ${MAX_CONFIG_BYTES / 1_000_000} MB`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw fail('there is no such file; infra/signalbox.yaml is an example to copy');
    throw fail(`can't be read: ${code ?? String(error)}`);
  }
}
