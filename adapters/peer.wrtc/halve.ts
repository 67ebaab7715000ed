import { i420Bytes, type Picture } from './y4m.ts';

/** Each sample of a plane becomes the mean of a square of four; `to` has room for it at `at`. */
function halvePlane(
  from: Uint8ClampedArray,
  offset: number,
  width: number,
  height: number,
  to: Uint8ClampedArray,
  at: number,
) {
  const halfWidth = width >> 1;
  let out = at;
  for (let y = 0; y < height >> 1; y++) {
    let upper = offset + 2 * y * width;
    let lower = upper + width;
    for (let x = 0; x < halfWidth; x++, upper += 2, lower += 2) {
      const sum = (from[upper] ?? 0) + (from[upper + 1] ?? 0) + (from[lower] ?? 0) + (from[lower + 1] ?? 0);
      to[out++] = (sum + 2) >> 2;
    }
  }
}

/** The same picture at half its width and height, both of which must be multiples of four. */
export function halve({ width, height, data }: Picture): Picture {
  const half = { width: width / 2, height: height / 2 };
  const small = new Uint8ClampedArray(i420Bytes(half.width, half.height));
  const luma = width * height;
  const chroma = luma / 4;
  halvePlane(data, 0, width, height, small, 0);
  halvePlane(data, luma, half.width, half.height, small, luma / 4);
  halvePlane(data, luma + chroma, half.width, half.height, small, luma / 4 + chroma / 4);
  return { ...half, data: small };
}

/** A picture in the sizes that somebody asks for, each made once. */
export function inSizes(whole: Picture): (shrink: 1 | 2 | 4) => Picture {
  let half: Picture | undefined;
  let quarter: Picture | undefined;
  return (shrink) => {
    if (shrink === 1) return whole;
    half ??= halve(whole);
    if (shrink === 2) return half;
    quarter ??= halve(half);
    return quarter;
  };
}
