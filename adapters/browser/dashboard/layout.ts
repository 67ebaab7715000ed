/** A wall of tiles of one size. */
export interface Arrangement {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** Below this width the wall is one column that scrolls. */
export const NARROW_PX = 640;

/**
 * The arrangement in which the pictures are largest.
 * @param captionPx height that each tile needs beside its 16:9 picture
 */
export function arrange(
  count: number,
  area: { width: number; height: number },
  gapPx: number,
  captionPx: number,
): Arrangement {
  const arranged = (columns: number): Arrangement => {
    const rows = Math.ceil(count / columns);
    const cellWidth = (area.width - gapPx * (columns - 1)) / columns;
    const cellHeight = (area.height - gapPx * (rows - 1)) / rows;
    const width = Math.min(cellWidth, (cellHeight - captionPx) * (16 / 9));
    return { columns, rows, tileWidth: Math.floor(width), tileHeight: Math.floor((width * 9) / 16 + captionPx) };
  };
  if (area.width < NARROW_PX || count === 0) return oneColumn(area.width, count, captionPx);
  let best = arranged(1);
  for (let columns = 2; columns <= count; columns++) {
    const candidate = arranged(columns);
    if (candidate.tileWidth > best.tileWidth) best = candidate;
  }
  return best;
}

function oneColumn(width: number, count: number, captionPx: number): Arrangement {
  return { columns: 1, rows: count, tileWidth: width, tileHeight: Math.floor((width * 9) / 16 + captionPx) };
}
