/**
 * Fictional proofs about the fictional schools, so that the demonstration shows what the training account pays, what it does
 * not, and what nobody knows. No register holds these schools: they are marked as demonstration wherever they are shown.
 */
import type { ProviderFacts } from '../catalogue/model/provider-facts.ts';
import { mondayOf } from './courses.ts';

const source = 'donnée de démonstration';

/** The dates follow the week, like the catalogues. */
export function demoProviderFacts(now: Date): readonly ProviderFacts[] {
  const monday = mondayOf(now).getTime();
  const day = (offset: number) => new Date(monday + offset * 86_400_000).toISOString().slice(0, 10);
  const fact = <Value>(value: Value, proof: 'verified' | 'declared' = 'verified', until: string | null = null) => ({
    value,
    proof,
    source,
    date: day(-21),
    until,
  });
  const school = (siret: string, activityNumber: string) => ({
    siret,
    demo: true,
    activityNumber: fact(activityNumber, 'declared'),
    declarationValid: fact(true),
    delisted: fact(false),
    subcontracting: fact(false, 'declared'),
  });
  const offered = (code: string, habilitation: 'former' | 'former_organiser' | 'organiser' | null) => ({
    code,
    offer: fact(true),
    habilitation: habilitation === null ? null : fact(habilitation),
  });
  return [
    {
      ...school('99900001100018', '52440999901'),
      qualiopi: fact({ categories: ['AF', 'VAE'], from: day(-400), to: day(600) }, 'verified', day(600)),
      certifications: [
        offered('RNCP35419', 'former'),
        offered('RNCP37488', null),
        offered('RNCP37674', 'former'),
        offered('RNCP37873', 'former_organiser'),
        offered('RS5568', 'former'),
        // May organise the exam, not train for it.
        offered('RS6604', 'organiser'),
        offered('RS7423', 'former'),
      ],
    },
    {
      ...school('99900002900010', '32590999902'),
      // Seen before its end: it may have been renewed since, or not.
      qualiopi: { ...fact({ categories: ['AF'] as ['AF'], from: day(-1_100), to: day(-5) }, 'verified', day(-5)) },
      certifications: [{ ...offered('RNCP37674', 'former'), offer: fact(false) }, offered('RNCP37873', 'former')],
    },
  ];
}
