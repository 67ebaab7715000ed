import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../infra/config/fault.ts';
import type { Config } from '../../../infra/config/model.ts';
import { readConfig } from '../../../infra/config.ts';

const read = (text: string, env: NodeJS.ProcessEnv = {}): Config => readConfig('/etc/sbx.yaml', text, env);

const faultsOf = (text: string, env: NodeJS.ProcessEnv = {}): string[] => {
  try {
    read(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('a hostile configuration file', () => {
  it('is refused when its aliases unfold to gigabytes', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inside =
        level === 0
          ? '"lol"'
          : Array(9)
              .fill(`*a${level - 1}`)
              .join(', ');
      return `a${level}: &a${level} [${inside}]`;
    });
    const started = performance.now();
    expect(faultsOf(levels.join('\n')).join()).to.match(/alias/i);
    expect(performance.now() - started).to.be.below(1_000);
  });

  it('may use one anchor for hundreds of cameras', () => {
    const lines = Array.from({ length: 500 }, (_, n) => `  c${n}: { zone: *z, sources: [rtsp://10.0.0.7/${n}] }`);
    const text = `cameras:\n  first: { zone: &z hcm/airport, sources: [rtsp://10.0.0.7/a] }\n${lines.join('\n')}`;
    expect(read(text).cameras.size).to.equal(501);
  });

  it('is refused when it is larger than a megabyte', () => {
    expect(faultsOf(`# ${'x'.repeat(1_000_001)}`).join()).to.match(/larger than 1 MB/);
  });

  it('is refused when it is nested a thousand levels deep', () => {
    expect(faultsOf(`http: ${'['.repeat(5_000)}${']'.repeat(5_000)}`)).to.not.equal(undefined);
  });

  it('changes no object that others inherit from', () => {
    for (const text of [
      '__proto__: { polluted: 1 }',
      'http: { __proto__: { polluted: 1 } }',
      'constructor: { prototype: { polluted: 1 } }',
    ]) {
      faultsOf(text);
    }
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('is accepted or refused with places, whatever is written', () => {
    const names = fc.constantFrom(
      'http',
      'cameras',
      'relays',
      'ports',
      'auth',
      'ice',
      'nats',
      'listen',
      'sources',
      '__proto__',
      'x',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      tree.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError);
          for (const { line, column } of (error as ConfigError).faults) {
            expect(line).to.be.at.least(1);
            expect(column).to.be.at.least(1);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('can hold two thousand cameras', () => {
    const lines = Array.from({ length: 2_000 }, (_, n) => `  cam_${n}: rtsp://u:p@10.0.${n >> 8}.${n & 255}/s`);
    const started = process.cpuUsage();
    expect(read(`cameras:\n${lines.join('\n')}`).cameras.size).to.equal(2_000);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1_000).to.be.below(3_000);
  });
});
