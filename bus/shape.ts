import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** What was wrong with a value: where (JSON pointer), and what was expected there. */
export interface ShapeFault {
  at: string;
  message: string;
}

/** Thrown by {@link Shape.parse}: the value does not have the shape; `faults` tells where and why. */
export class ShapeError extends Error {
  readonly faults: ShapeFault[];
  constructor(name: string, faults: ShapeFault[]) {
    const first = faults[0];
    super(`not a valid ${name}: ${first ? `${first.at || '/'} ${first.message}` : 'unknown fault'}`);
    this.name = 'ShapeError';
    this.faults = faults;
  }
}

/** A parser and a TypeScript type made from one declaration; its JSON schema also feeds OpenAPI. */
export interface Shape<T> {
  readonly name: string;
  readonly schema: TSchema;
  /** Whether the value has this shape. */
  check(value: unknown): value is T;
  /** The value itself when it has this shape. @throws ShapeError otherwise. */
  parse(value: unknown): T;
}

/** The TypeScript type that a shape parses to. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/**
 * Declares a shape.
 * @param name what a person calls such a value ("camera configuration"); used in error messages
 * @param schema a TypeBox schema (JSON Schema 2020-12)
 */
export function shape<S extends TSchema>(name: string, schema: S): Shape<Static<S>> {
  let compiled: ReturnType<typeof Compile> | undefined;
  // Compiling costs a millisecond a shape, so it waits for the first use.
  const validator = () => (compiled ??= Compile(schema));
  return {
    name,
    schema,
    check: (value): value is Static<S> => validator().Check(value),
    parse(value) {
      if (validator().Check(value)) return value as Static<S>;
      const faults = [...validator().Errors(value)].map((fault) => ({
        at: fault.instancePath,
        message: fault.message,
      }));
      throw new ShapeError(name, faults);
    },
  };
}
