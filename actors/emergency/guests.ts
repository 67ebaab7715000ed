import { access } from '../../machines/policy/access.ts';
import { grantsTo } from '../../machines/policy/grants.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';
import type { Cells, CellView } from '../cells.ts';
import { incidentOf, runningIncidents, signature } from './running.ts';

const viewerOf = (view: CellView): ViewerContext => view.context as unknown as ViewerContext;
const revoked = (incident: string) => ({
  type: 'viewer.revoked',
  by: signature(incident),
  reason: 'the incident is over',
});

/** Ends the sessions of people whom nothing lets in any more, now that these incidents are over. */
export async function cutGuests(cells: Cells, over: readonly CellView[]): Promise<void> {
  const endedBy = new Map(over.flatMap((view) => incidentOf(view).cameras.map((camera) => [camera, view.id])));
  const openings = runningIncidents(cells);
  for (const viewer of cells.list('viewer')) {
    const { subject, camera, zone } = viewerOf(viewer);
    const incident = endedBy.get(camera);
    if (!subject || !viewer.tags.includes('open') || incident === undefined) continue;
    const rights = { ...subject, granted: grantsTo(openings, subject) };
    if (access(rights, { camera, zone }, 'watch').allowed) continue;
    await cells.offer({ kind: 'viewer', id: viewer.id }, revoked(incident));
  }
}
