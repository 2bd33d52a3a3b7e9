/** `/api/v1/openapi.json`: every public route for programs, from the schemas that read and shape it. */
import { z } from 'zod';
import { dossierSchema } from '../eligibility/model/dossier.ts';
import { type DescribedAnswer, type DescribedRoute, describeApi } from '../platform/web/openapi.ts';
import {
  batchAnswersSchema,
  batchSchema,
  checkedSchema,
  keysSchema,
  problemSchema,
  receiptPageSchema,
  refusalSchema,
} from './model/wire.ts';

const json = (description: string, schema: z.ZodType): DescribedAnswer => ({
  description,
  content: { 'application/json': schema },
});
const problem = (description: string): DescribedAnswer => ({
  description,
  content: { 'application/problem+json': problemSchema },
});
const limits = 'Les limites sont dans les en-têtes RateLimit et RateLimit-Policy ; un 429 dit quand revenir.';

const refusedBody = {
  400: problem('Le corps n’est pas du JSON.'),
  413: problem('Le corps est trop grand.'),
  415: problem('Le corps n’est pas annoncé comme du JSON.'),
  422: problem('Des champs sont faux, tous nommés : rien n’a été calculé.'),
  429: problem('Trop de demandes.'),
} as const;

export const describedRoutes: readonly DescribedRoute[] = [
  {
    method: 'post',
    path: '/api/v1/eligibility',
    summary: 'Ce que le CPF paie pour un dossier',
    description: `Montants en euros. null est « inconnu ». ${limits}`,
    body: dossierSchema,
    answers: { 200: json('La réponse et chaque règle regardée.', checkedSchema), ...refusedBody },
  },
  {
    method: 'post',
    path: '/api/v1/eligibility/batch',
    summary: 'Une liste de cours, de certifications ou d’organismes',
    description: `Jusqu’à 100 000 lignes ; une ligne illisible ne bloque pas les autres. Rien n’est gardé, sauf les reçus demandés. ${limits}`,
    body: batchSchema,
    answers: {
      200: json('Une réponse par ligne, dans l’ordre.', batchAnswersSchema),
      ...refusedBody,
      409: problem('Une liste de la même adresse est en cours.'),
    },
  },
  {
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'Cette description',
    description: 'OpenAPI 3.1.',
    answers: { 200: json('La description.', z.object({ openapi: z.string() })) },
  },
  {
    method: 'get',
    path: '/verdicts/{code}.json',
    summary: 'Un reçu, signé',
    description: 'Le code en majuscules ou non. recalcul=recu ou recalcul=aujourdhui ajoute un nouveau calcul.',
    parameters: z.object({ code: z.string() }),
    query: z.object({ recalcul: z.enum(['recu', 'aujourdhui']).optional() }),
    answers: {
      200: json('Le reçu et sa signature.', receiptPageSchema),
      404: json('Aucun reçu ne porte ce code.', refusalSchema),
      410: json('Ce reçu a été effacé.', refusalSchema),
      503: json('Ce reçu ne prouve plus rien.', refusalSchema),
    },
  },
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Les clés publiques des reçus',
    description: 'Les anciennes restent : elles vérifient ce qu’elles ont signé.',
    answers: { 200: json('Un JWKS (RFC 7517).', keysSchema) },
  },
];

export function apiDescription({ server, version }: { readonly server: string; readonly version: string }): object {
  return describeApi({
    title: 'École numérique au carré',
    version,
    description: 'Information indicative : seul Mon Compte Formation fait foi.',
    server,
    routes: describedRoutes,
  });
}
