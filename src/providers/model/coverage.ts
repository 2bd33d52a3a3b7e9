/** What the catalogue covers of one source. */
import type { FilledFields } from '../../catalogue/model/filled.ts';
import type { HarvestRun, RunCause } from '../../harvest/model.ts';
import type { Source } from '../model.ts';

export interface SourceCoverage {
  readonly source: Pick<Source, 'id' | 'title' | 'state' | 'stateSince' | 'demo' | 'licence' | 'homepage'>;
  /** Null when the source has no course on display. */
  readonly filled: FilledFields | null;
  readonly lastSuccess: Date | null;
  readonly lastRun: Pick<HarvestRun, 'status' | 'endedAt' | 'held' | 'decision'> | null;
  /** Of the last run that judged records: most frequent first. */
  readonly causes: readonly Pick<RunCause, 'code' | 'count'>[];
  readonly quarantined: number;
}
