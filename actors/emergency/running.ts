import type { IncidentContext } from '../../machines/incident.ts';
import type { Cells, CellView } from '../cells.ts';

/** An incident's cell as what it knows. */
export const incidentOf = (view: CellView): IncidentContext => view.context as unknown as IncidentContext;

/** The incidents that run, wherever they live. */
export const runningIncidents = (cells: Pick<Cells, 'list'>): IncidentContext[] =>
  cells
    .list('incident')
    .filter(({ tags }) => tags.includes('running'))
    .map(incidentOf);

/** The cameras that running incidents are about: what is done for them lasts until the last of those is over. */
export const urgentCameras = (cells: Pick<Cells, 'list'>): Set<string> =>
  new Set(runningIncidents(cells).flatMap(({ cameras }) => cameras));

/** How an incident signs what it asks for. */
export const signature = (incident: string): string => `incident ${incident}`;
