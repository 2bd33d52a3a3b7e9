/** `search "words"`: what the catalogue page would find. */
import type { Command } from 'commander';
import { followCatalogue, readChanges } from '../catalogue/search/follow.ts';
import { frenchAnalyser } from '../catalogue/search/french.ts';
import { indexLabels } from '../catalogue/search/indexed-course.ts';
import { makeScanIndex } from '../catalogue/search/scan-index.ts';
import type { Config } from '../config.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function searchCommand(program: Command, config: () => Config): void {
  commandOf(program, 'search <words>', 'what the catalogue finds for these words').action(
    async (_options, print: Printer, words: string) => {
      await withApp(config(), print, async ({ courses, framework, log }) => {
        const index = makeScanIndex(frenchAnalyser, { now: () => new Date() });
        const following = followCatalogue({ index, reader: readChanges(courses, indexLabels(framework)), log });
        await following.start();
        const page = await index.search({ q: words, filters: {}, sort: 'relevance', page: 1, facets: [] });
        await following.stop();
        const found = (await courses.byIds(page.ids)).map(({ id, slug, draft, access, state }) => ({
          id,
          slug,
          title: draft.title,
          provider: draft.provider.name,
          access: access.code,
          state,
        }));
        print.list(
          found,
          [
            { title: 'cours', of: ({ title }) => title },
            { title: 'organisme', of: ({ provider }) => provider },
            { title: 'accès', of: ({ access }) => access },
            { title: 'adresse', of: ({ slug }) => `/cours/${slug}` },
          ],
          `Aucun cours pour « ${words} ».`,
          page.total,
        );
      });
    },
  );
}
