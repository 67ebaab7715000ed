/** Whether anything can be made of what a source sends, judged by its latest packets. */
export interface Doubt {
  /** A packet has come. @param proper whether it can be what its codec says @returns whether the source is doubted now */
  after(proper: boolean): boolean;
}

/** A source is doubted until so many more of its packets were proper than were not: one picture mostly has as many. */
const AT_FIRST = 4;
/** And again after so many that were not: any bytes at all look proper one time in ten. */
const MOST = 12;
/** Who is not doubted may send packets that nobody knows, as long as one in three is proper. */
const BELIEVED = 2;

/** Doubts, to begin with. */
export function createDoubt(): Doubt {
  let doubt = AT_FIRST;
  let doubted = true;
  return {
    after(proper) {
      if (proper) doubt = Math.max(0, doubt - (doubted ? 1 : BELIEVED));
      else doubt = Math.min(MOST, doubt + 1);
      if (doubt === 0) doubted = false;
      if (doubt === MOST) doubted = true;
      return doubted;
    },
  };
}
