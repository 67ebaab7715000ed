/** A wall of tiles of one size. */
export interface Arrangement {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** How a wall is divided. */
export interface Grid {
  /** Undefined: as many as make the pictures largest. */
  columns?: number | undefined;
  /** Undefined: as many as are needed. */
  rows?: number | undefined;
  /** The first tile takes two columns and two rows. */
  big: boolean;
}
/** As many more places as a big tile takes. */
const BIG_MORE = 3;

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
  grid: Grid = { big: false },
): Arrangement {
  const cells = count + (grid.big && count > 1 ? BIG_MORE : 0);
  const arranged = (columns: number): Arrangement => {
    const rows = Math.max(grid.rows ?? 1, Math.ceil(cells / columns));
    const cellWidth = (area.width - gapPx * (columns - 1)) / columns;
    const cellHeight = (area.height - gapPx * (rows - 1)) / rows;
    const width = Math.min(cellWidth, (cellHeight - captionPx) * (16 / 9));
    return { columns, rows, tileWidth: Math.floor(width), tileHeight: Math.floor((width * 9) / 16 + captionPx) };
  };
  if (area.width < NARROW_PX || count === 0) return oneColumn(area.width, count, captionPx);
  if (grid.columns !== undefined) return arranged(grid.columns);
  const least = cells > count ? 2 : 1;
  let best = arranged(least);
  for (let columns = least + 1; columns <= cells; columns++) {
    const candidate = arranged(columns);
    if (candidate.tileWidth > best.tileWidth) best = candidate;
  }
  return best;
}

function oneColumn(width: number, count: number, captionPx: number): Arrangement {
  return { columns: 1, rows: count, tileWidth: width, tileHeight: Math.floor((width * 9) / 16 + captionPx) };
}
