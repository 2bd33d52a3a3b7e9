/** Which format is this? Each connector reads the beginning; the one that finds the most courses is the answer. */
import { AppError } from '../errors.ts';
import type { AnyConnector, SourceHttp } from './connector.ts';
import { type PreviewReport, previewConnector } from './preview.ts';

export interface Recognised {
  readonly connector: string;
  readonly title: string;
  readonly report: PreviewReport;
}

/**
 * @param open a fresh way to the address or file for each connector tried
 * @param max records read at most
 * @throws AppError `invalid` when no connector finds a record; `details` holds what each of them said
 */
export async function recognise(
  connectors: Iterable<AnyConnector>,
  url: string,
  open: () => SourceHttp,
  options: { readonly max: number; readonly signal: AbortSignal },
): Promise<Recognised> {
  const tried: Recognised[] = [];
  for (const connector of connectors) {
    const config = { ...(connector.exampleConfig as object), url };
    if (!connector.configSchema.safeParse(config).success) continue;
    const report = await previewConnector(connector, config, open(), options);
    tried.push({ connector: connector.id, title: connector.title, report });
  }
  const best = tried
    .filter(({ report }) => report.summary.records > 0)
    .sort(
      (a, b) =>
        b.report.summary.courses - a.report.summary.courses || a.report.summary.rejected - b.report.summary.rejected,
    )
    .at(0);
  if (best !== undefined) return best;
  const said = tried.map(({ connector, report }) => `${connector} : ${report.error ?? 'aucune fiche'}`);
  const message = `Aucun des formats connus n’a été reconnu. ${said.join(' ')}`;
  throw new AppError('invalid', 'FORMAT_INCONNU', message, { details: said });
}
