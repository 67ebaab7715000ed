import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Refusal } from './errors.ts';

/** Failed sign-ins that are borne within five minutes: by a name from wherever, and by an address with whatever name. */
const OF_NAME = { points: 10, duration: 300 };
const OF_ADDRESS = { points: 30, duration: 300 };

/** Slows down who tries passwords. */
export interface Attempts {
  /**
   * Counts an attempt before it is judged, so that many at once are no way around.
   * @returns takes the attempt back: it was a good one
   * @throws Refusal 429 with Retry-After
   */
  begin(name: string, address: string): Promise<() => Promise<void>>;
}

/** Makes the counters of one gateway. Whether a name exists plays no part: 429 must not tell it either. */
export function countAttempts(): Attempts {
  const names = new RateLimiterMemory({ keyPrefix: 'name', ...OF_NAME });
  const addresses = new RateLimiterMemory({ keyPrefix: 'address', ...OF_ADDRESS });
  const consume = (limiter: RateLimiterMemory, key: string) =>
    limiter.consume(key).catch((over: { msBeforeNext?: number }) => {
      if (over.msBeforeNext === undefined) throw over;
      const waitS = Math.max(1, Math.ceil(over.msBeforeNext / 1000));
      throw new Refusal(429, 'too-many', `Too many sign-ins failed: try again in ${waitS} s.`, {}, waitS);
    });
  return {
    async begin(name, address) {
      await consume(addresses, address);
      await consume(names, name);
      return async () => {
        await Promise.all([addresses.reward(address), names.reward(name)]);
      };
    },
  };
}
