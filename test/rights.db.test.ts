/**
 * Route x role, for every route that exists: the routers of the running platform are walked, each route must be in the table
 * below, and each request is really sent as each role, with a session and a form token of its own.
 *
 * A form is sent empty where the right is all that matters: a refusal of its content (422, 400) shows that the right was there.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import express, { type Express } from 'express';
import request from 'supertest';
import { accepted, filesOf, waitingSince } from '../src/accounts/model/approval.ts';
import type { Account, Organisation } from '../src/accounts/model.ts';
import { makeOrganisationStore, type OrganisationStore } from '../src/accounts/store/organisations.ts';
import { type AccountStore, makeAccountStore } from '../src/accounts/store.ts';
import { hashOfToken } from '../src/accounts/use-cases/organisations.ts';
import { type App, openApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { makePathwayStore } from '../src/pathways/store.ts';
import { makeLog } from '../src/platform/log.ts';
import type { Sessions } from '../src/platform/web/session.ts';
import { recordKey } from '../src/providers/model/correcting.ts';
import { makeSourceStore } from '../src/providers/store.ts';
import { type Actor, type Role, roles } from '../src/rights.ts';
import { type RunningServer, serve } from '../src/serve.ts';
import { aPathway } from './builders/pathway.ts';
import { aProviderSource } from './builders/sources.ts';
import { type TestDatabase, testDatabase } from './support/database.ts';

/** Who asks: every role, and those that need a one-time code without it. */
const cases = {
  visitor: { role: 'visitor' },
  learner: { role: 'learner' },
  member: { role: 'provider-member', belongs: { kind: 'provider', owner: false } },
  owner: { role: 'provider-owner', belongs: { kind: 'provider', owner: true } },
  funder: { role: 'funder-member', belongs: { kind: 'funder', owner: false }, strong: true },
  funderOwner: { role: 'funder-member', belongs: { kind: 'funder', owner: true }, strong: true },
  waitingFunder: { role: 'learner', belongs: { kind: 'funder', owner: true, waiting: true }, strong: true },
  ruleEditor: { role: 'rule-editor', granted: ['rule-editor'], strong: true },
  reviewer: { role: 'reviewer', granted: ['reviewer'] },
  operator: { role: 'operator', granted: ['operator'], strong: true },
  weakFunder: { role: 'funder-member', belongs: { kind: 'funder', owner: true } },
  weakOperator: { role: 'operator', granted: ['operator'] },
} as const satisfies Record<string, Asking>;

interface Asking {
  readonly role: Role;
  /** `waiting` for an operator: the membership gives no right yet. */
  readonly belongs?: { readonly kind: Organisation['kind']; readonly owner: boolean; readonly waiting?: true };
  readonly granted?: readonly ('rule-editor' | 'reviewer' | 'operator')[];
  readonly strong?: boolean;
}
type Case = keyof typeof cases;
const caseNames = Object.keys(cases) as Case[];
type Answers = Readonly<Record<Case, number>>;

const everybody = (status: number): Answers =>
  Object.fromEntries(caseNames.map((name) => [name, status])) as Record<Case, number>;
const signedIn = (status: number): Answers => ({ ...everybody(status), visitor: 401 });
const operators = (status: number): Answers => ({ ...everybody(403), visitor: 401, operator: status });
const reviewers = (status: number): Answers => ({ ...operators(status), reviewer: status });
const ruleEditors = (status: number): Answers => ({ ...everybody(403), visitor: 401, ruleEditor: status });
const funders = (status: number): Answers => ({
  ...everybody(403),
  visitor: 401,
  funder: status,
  funderOwner: status,
});
/** Roles that never need a one-time code. */
const withoutCode = (status: number) => ({
  learner: status,
  member: status,
  owner: status,
  waitingFunder: status,
  reviewer: status,
});
/** Of the organisation asked for; to the others it does not exist. */
const leaving = (status: number): Answers => ({
  ...everybody(404),
  visitor: 401,
  member: status,
  owner: status,
  funder: status,
  funderOwner: status,
  weakFunder: status,
  waitingFunder: status,
});
const members = (status: number): Answers => ({ ...leaving(status), weakFunder: 403 });
const owners = (status: number): Answers => ({ ...members(status), member: 403, funder: 403, waitingFunder: 403 });
/** Only an organisation that waits for an operator has something to ask. */
const applicants = (status: number): Answers => ({ ...owners(409), weakFunder: 409, waitingFunder: status });
/** Of a training provider; to the others it does not exist. */
const providers = (status: number): Answers => ({ ...everybody(404), visitor: 401, member: status, owner: status });
/** Inside the own organisation, a funder declares no catalogue. */
const ofProviders = (status: number): Answers => ({
  ...providers(status),
  funder: 403,
  funderOwner: 403,
  weakFunder: 403,
  waitingFunder: 403,
});
/** The same, and the operator for any source. */
const ofEither = (status: number): Answers => ({ ...ofProviders(status), operator: status });
const providerOwners = (status: number): Answers => ({ ...ofProviders(status), member: 403 });

/** What a request may name; made anew for each. */
interface Scene {
  /** The one of the person who asks, else one of other people. It has another owner and another member. */
  readonly organisation: string;
  readonly member: string;
  /** To that organisation, waiting. */
  readonly invitation: string;
  /** Of an invitation to the person who asks, elsewhere. */
  readonly token: string;
  /** Of somebody else: a funder that waits, with a document. */
  readonly waiting: string;
  /** Somebody else, with a role and a one-time code. */
  readonly account: string;
  /** Active, of that organisation. */
  readonly source: string;
}

interface Row {
  readonly answers: Answers;
  /** Where the route has parameters. */
  readonly at?: (scene: Scene) => string;
  readonly send?: Readonly<Record<string, string>>;
}

const pathway = 'parcours-des-droits';
const mine = '/mon-espace/organisations';
const admin = '/admin/comptes';
const toApprove = '/admin/organismes';
const ruleDesk = '/admin/regles';
const nowhere = '00000000-0000-4000-8000-000000000000';
const linkedAt = new Date('2026-01-01T00:00:00Z');
const unlinking = () => `/mon-espace/profil/identites/citoyen/${linkedAt.getTime()}/retirer`;
const fixed = (path: string) => () => path;
/** One that the source never gave: who may correct it learns no more than the others. */
const ofRecord =
  (path: string, space = '/fournisseur') =>
  ({ source }: Scene) =>
    `${space}/fiches/${recordKey({ sourceId: source, remoteId: 'a/b' })}${path}`;
const ofSource =
  (path: string) =>
  ({ source }: Scene) =>
    `/fournisseur/sources/${source}${path}`;
const ofAnySource =
  (path: string) =>
  ({ source }: Scene) =>
    `/admin/sources/${source}${path}`;

const table: Readonly<Record<string, Row>> = {
  // For programs and for everybody.
  'GET /healthz': { answers: everybody(200) },
  'GET /readyz': { answers: everybody(200) },
  'GET /': { answers: everybody(200) },
  'GET /catalogue': { answers: everybody(200) },
  'GET /certifications': { answers: everybody(200) },
  'GET /certifications/:code': { at: fixed('/certifications/RNCP37674'), answers: everybody(200) },
  'GET /cours/:slug': { at: fixed('/cours/rien-00000000'), answers: everybody(404) },
  'GET /competences': { answers: everybody(200) },
  'GET /competences/:code': { at: fixed('/competences/3.1'), answers: everybody(200) },
  'GET /couverture': { at: fixed('/couverture'), answers: everybody(200) },
  'GET /aide/erreurs': { at: fixed('/aide/erreurs'), answers: everybody(200) },
  'GET /aide/erreurs/:code': { at: fixed('/aide/erreurs/E_INCONNU'), answers: everybody(404) },
  'GET /changements': { at: fixed('/changements'), answers: everybody(200) },
  'GET /changements.atom': { at: fixed('/changements.atom'), answers: everybody(200) },
  'GET /changements.json': { at: fixed('/changements.json'), answers: everybody(200) },
  'GET /changements/:source': { at: fixed('/changements/inconnue'), answers: everybody(404) },
  'GET /changements/:source.atom': { at: fixed('/changements/inconnue.atom'), answers: everybody(404) },
  'GET /changements/:source.json': { at: fixed('/changements/inconnue.json'), answers: everybody(404) },
  'GET /organismes/:id': { at: fixed('/organismes/personne'), answers: everybody(404) },
  'GET /parcours': { answers: everybody(200) },
  'GET /parcours/:slug': { at: fixed(`/parcours/${pathway}`), answers: everybody(200) },
  'GET /regles': { answers: everybody(200) },
  'GET /regles/:id': { at: fixed('/regles/F-03'), answers: everybody(200) },
  'GET /donnees': { answers: everybody(200) },
  'GET /donnees/regles.json': { answers: everybody(200) },
  'GET /contact': { answers: everybody(200) },
  'GET /aide/lexique': { answers: everybody(200) },
  'GET /api/v1/openapi.json': { answers: everybody(200) },
  // Programs send JSON: a form is no answer of theirs.
  'POST /api/v1/eligibility': { answers: everybody(415) },
  'POST /api/v1/eligibility/batch': { answers: everybody(415) },
  'GET /.well-known/jwks.json': { answers: everybody(200) },
  'GET /verdicts': { answers: everybody(200) },
  'POST /verdicts': { send: { but: '', date: '2026-11-22', r: '' }, answers: everybody(303) },
  'GET /verdicts/:code': { at: fixed('/verdicts/V-0000000000'), answers: everybody(404) },
  'GET /eligibilite': { answers: everybody(200) },
  // Nothing told: back to the question.
  'POST /eligibilite': { answers: everybody(303) },
  'GET /eligibilite/resultat': { answers: everybody(200) },
  'POST /eligibilite/resultat': { answers: everybody(303) },
  'GET /eligibilite/reponses.json': { answers: everybody(200) },
  'GET /eligibilite/reprendre': { answers: everybody(303) },
  // Not a form that carries a file.
  'POST /eligibilite/reprendre': { answers: everybody(400) },
  'GET /accessibilite': { answers: everybody(200) },
  'GET /mentions-legales': { answers: everybody(200) },
  'GET /donnees-personnelles': { answers: everybody(200) },
  'GET /dev/courriels': { answers: everybody(200) },

  // Getting in and out.
  // Who is signed in already is led on.
  'GET /connexion': { answers: { ...everybody(303), visitor: 200 } },
  'POST /connexion': { answers: everybody(422) },
  'GET /connexion/code': { answers: everybody(303) },
  'POST /connexion/code': { answers: everybody(303) },
  'POST /connexion/:provider': { at: fixed('/connexion/inconnu'), answers: everybody(404) },
  'GET /connexion/:provider/retour': { at: fixed('/connexion/inconnu/retour'), answers: everybody(404) },
  'POST /deconnexion': { answers: everybody(303) },
  'GET /deconnexion/retour': { answers: everybody(303) },
  'GET /inscription': { answers: everybody(200) },
  'POST /inscription': { answers: everybody(422) },
  'GET /inscription/envoye': { answers: everybody(200) },
  'GET /inscription/verifier': { answers: everybody(410) },
  'POST /inscription/verifier': { answers: everybody(410) },
  'GET /mot-de-passe-oublie': { answers: everybody(200) },
  'POST /mot-de-passe-oublie': { answers: everybody(422) },
  'GET /mot-de-passe-oublie/envoye': { answers: everybody(200) },
  'GET /mot-de-passe/nouveau': { answers: everybody(410) },
  'POST /mot-de-passe/nouveau': { answers: everybody(410) },
  'GET /compte-efface': { answers: everybody(200) },

  // The own space.
  'GET /parcours/:slug/inscription': { at: fixed(`/parcours/${pathway}/inscription`), answers: signedIn(200) },
  // 409: the course of its step is not in this catalogue.
  'POST /parcours/:slug/inscription': { at: fixed(`/parcours/${pathway}/inscription`), answers: signedIn(409) },
  'GET /mon-espace': { answers: signedIn(200) },
  'GET /mon-espace/gardes': { answers: signedIn(200) },
  'GET /mon-espace/parcours/:id': { at: fixed(`/mon-espace/parcours/${nowhere}`), answers: signedIn(404) },
  'POST /mon-espace/parcours/:id/etapes/:step': {
    at: fixed(`/mon-espace/parcours/${nowhere}/etapes/pages`),
    send: { etat: 'done' },
    answers: signedIn(404),
  },
  'POST /mon-espace/parcours/:id/arreter': {
    at: fixed(`/mon-espace/parcours/${nowhere}/arreter`),
    answers: signedIn(404),
  },
  'POST /mon-espace/parcours/:id/reprendre': {
    at: fixed(`/mon-espace/parcours/${nowhere}/reprendre`),
    answers: signedIn(404),
  },
  'POST /garder': { send: { parcours: pathway }, answers: signedIn(303) },
  'POST /garder/retirer': { send: { parcours: pathway }, answers: signedIn(303) },
  'GET /mon-espace/profil': { answers: signedIn(200) },
  'POST /mon-espace/profil/nom': { send: { displayName: 'Dominique' }, answers: signedIn(303) },
  'POST /mon-espace/profil/adresse': { answers: signedIn(422) },
  'GET /mon-espace/profil/adresse/confirmer': { answers: signedIn(410) },
  'POST /mon-espace/profil/adresse/confirmer': { answers: signedIn(410) },
  'GET /mon-espace/profil/identites': { answers: signedIn(200) },
  'POST /mon-espace/profil/identites/:provider': {
    at: fixed('/mon-espace/profil/identites/inconnu'),
    answers: signedIn(404),
  },
  // Each has one, and no other way in: it stays.
  'GET /mon-espace/profil/identites/:provider/:linkedAt/retirer': { at: unlinking, answers: signedIn(200) },
  'POST /mon-espace/profil/identites/:provider/:linkedAt/retirer': { at: unlinking, answers: signedIn(409) },
  'GET /mon-espace/securite': { answers: signedIn(200) },
  'POST /mon-espace/securite/mot-de-passe': { answers: signedIn(422) },
  'POST /mon-espace/securite/sessions': { answers: signedIn(404) },
  'POST /mon-espace/securite/sessions/autres': { answers: signedIn(303) },
  'GET /mon-espace/securite/code': { answers: signedIn(200) },
  'POST /mon-espace/securite/code': { answers: signedIn(422) },
  // Those whose role demands the code keep it.
  'POST /mon-espace/securite/code/retirer': { answers: { ...signedIn(403), ...withoutCode(422) } },
  'GET /mon-espace/donnees': { answers: signedIn(200) },
  'GET /mon-espace/donnees/telecharger': { answers: signedIn(200) },
  'POST /mon-espace/donnees/accords': { answers: signedIn(404) },
  'GET /mon-espace/donnees/effacer': { answers: signedIn(200) },
  'POST /mon-espace/donnees/effacer': { answers: signedIn(303) },

  // Organisations.
  [`GET ${mine}`]: { answers: signedIn(200) },
  [`GET ${mine}/nouveau`]: { answers: signedIn(200) },
  [`POST ${mine}`]: { send: { kind: 'provider', name: 'Organisme nouveau' }, answers: signedIn(303) },
  [`GET ${mine}/:id`]: { at: ({ organisation }) => `${mine}/${organisation}`, answers: members(200) },
  [`POST ${mine}/:id/invitations`]: {
    at: ({ organisation }) => `${mine}/${organisation}/invitations`,
    send: { email: 'quelqu-un@exemple.fr' },
    answers: owners(303),
  },
  [`POST ${mine}/:id/invitations/:invitation/annuler`]: {
    at: ({ organisation, invitation }) => `${mine}/${organisation}/invitations/${invitation}/annuler`,
    answers: owners(303),
  },
  [`GET ${mine}/:id/membres/:member/retirer`]: {
    at: ({ organisation, member }) => `${mine}/${organisation}/membres/${member}/retirer`,
    answers: owners(200),
  },
  [`POST ${mine}/:id/membres/:member/retirer`]: {
    at: ({ organisation, member }) => `${mine}/${organisation}/membres/${member}/retirer`,
    answers: owners(303),
  },
  [`GET ${mine}/:id/membres/:member/proprietaire`]: {
    at: ({ organisation, member }) => `${mine}/${organisation}/membres/${member}/proprietaire`,
    answers: owners(200),
  },
  [`POST ${mine}/:id/membres/:member/proprietaire`]: {
    at: ({ organisation, member }) => `${mine}/${organisation}/membres/${member}/proprietaire`,
    answers: owners(303),
  },
  [`GET ${mine}/:id/quitter`]: { at: ({ organisation }) => `${mine}/${organisation}/quitter`, answers: leaving(200) },
  [`POST ${mine}/:id/quitter`]: { at: ({ organisation }) => `${mine}/${organisation}/quitter`, answers: leaving(303) },
  // 400: the right was there, the form is not one that carries a file.
  [`POST ${mine}/:id/demande`]: {
    at: ({ organisation }) => `${mine}/${organisation}/demande`,
    answers: applicants(400),
  },
  'GET /invitations/:token': { at: ({ token }) => `/invitations/${token}`, answers: everybody(200) },
  'POST /invitations/:token': { at: ({ token }) => `/invitations/${token}`, answers: signedIn(303) },

  // Sources of organisations. Everybody who is signed in may declare one: registering the organisation is the first step.
  'GET /fournisseur': { answers: signedIn(200) },
  'GET /fournisseur/inscription': { answers: signedIn(200) },
  'POST /fournisseur/inscription': { answers: { ...signedIn(422) } },
  'GET /fournisseur/inscription/acces': {
    at: ({ organisation }) => `/fournisseur/inscription/acces?organisme=${organisation}`,
    answers: providers(200),
  },
  // Not a form that carries a file: whoever may is told so.
  'POST /fournisseur/inscription/acces': { answers: signedIn(400) },
  'GET /fournisseur/collectes/:id': { at: fixed('/fournisseur/collectes/aucune'), answers: signedIn(404) },
  'GET /fournisseur/collectes/:id.csv': { at: fixed('/fournisseur/collectes/aucune.csv'), answers: signedIn(404) },
  'GET /fournisseur/sources/:id/corrections': { at: ofSource('/corrections'), answers: ofEither(200) },
  'GET /fournisseur/fiches/:id': { at: ofRecord(''), answers: ofEither(404) },
  'POST /fournisseur/fiches/:id': { at: ofRecord(''), answers: ofEither(404) },
  'GET /fournisseur/fiches/:id/identifiant': { at: ofRecord('/identifiant'), answers: ofEither(404) },
  'POST /fournisseur/fiches/:id/identifiant': { at: ofRecord('/identifiant'), answers: ofEither(404) },
  'POST /fournisseur/fiches/:id/choix': { at: ofRecord('/choix'), answers: ofEither(404) },
  'POST /fournisseur/fiches/:id/retrait': { at: ofRecord('/retrait'), answers: ofEither(404) },
  'GET /fournisseur/sources/:id': { at: ofSource(''), answers: ofProviders(200) },
  // The operator reads those of every source at either address.
  'GET /fournisseur/sources/:id/liens': { at: ofSource('/liens'), answers: { ...ofProviders(200), operator: 200 } },
  'GET /fournisseur/sources/:id/liens.csv': {
    at: ofSource('/liens.csv'),
    answers: { ...ofProviders(200), operator: 200 },
  },
  'GET /fournisseur/sources/:id/reglages': { at: ofSource('/reglages'), answers: ofProviders(200) },
  'POST /fournisseur/sources/:id/reglages': { at: ofSource('/reglages'), answers: ofProviders(422) },
  'POST /fournisseur/sources/:id/fichier': { at: ofSource('/fichier'), answers: ofProviders(400) },
  'GET /fournisseur/sources/:id/apercu': { at: ofSource('/apercu'), answers: ofProviders(200) },
  'GET /fournisseur/sources/:id/choix': { at: ofSource('/choix'), answers: ofProviders(200) },
  'POST /fournisseur/sources/:id/choix': { at: ofSource('/choix'), answers: ofProviders(422) },
  'GET /fournisseur/sources/:id/envoi': { at: ofSource('/envoi'), answers: ofProviders(200) },
  // 409: it is active already.
  'POST /fournisseur/sources/:id/envoi': { at: ofSource('/envoi'), answers: ofProviders(409) },
  'POST /fournisseur/sources/:id/corriger': { at: ofSource('/corriger'), answers: ofProviders(303) },
  'POST /fournisseur/sources/:id/collectes': { at: ofSource('/collectes'), answers: ofProviders(303) },
  'POST /fournisseur/sources/:id/pause': {
    at: ofSource('/pause'),
    send: { reason: 'Catalogue en travaux.' },
    answers: ofProviders(303),
  },
  'POST /fournisseur/sources/:id/reprise': { at: ofSource('/reprise'), answers: ofProviders(409) },
  'GET /fournisseur/sources/:id/fermer': { at: ofSource('/fermer'), answers: providerOwners(200) },
  'POST /fournisseur/sources/:id/fermer': { at: ofSource('/fermer'), answers: providerOwners(422) },
  'GET /fournisseur/verifier': { answers: { ...operators(200), member: 200, owner: 200 } },
  'POST /fournisseur/verifier': { answers: { ...operators(400), member: 400, owner: 400 } },

  // The funder.
  'GET /financeur': { answers: funders(200) },
  'GET /financeur/verifier': { answers: funders(200) },
  'POST /financeur/verifier': { send: { code: 'RNCP37674' }, answers: funders(200) },
  // A form without a file is not what this one reads.
  'POST /financeur/verifier/liste': { answers: funders(400) },
  'GET /financeur/verifier/:id': { at: fixed('/financeur/verifier/rien'), answers: funders(404) },

  // Who reviews.
  'GET /admin/revue': { answers: reviewers(200) },
  'GET /admin/revue/reunis': { answers: reviewers(200) },
  'GET /admin/revue/identifiants': { answers: reviewers(200) },
  'GET /admin/revue/conflits': { answers: reviewers(200) },
  'GET /admin/fiches/:id/conflit': { at: ofRecord('/conflit', '/admin'), answers: reviewers(404) },
  'POST /admin/fiches/:id/conflit': { at: ofRecord('/conflit', '/admin'), answers: reviewers(404) },
  'GET /admin/revue/doublons/:id': { at: fixed('/admin/revue/doublons/aucun'), answers: reviewers(404) },
  'POST /admin/revue/doublons/:id/reunir': { at: fixed('/admin/revue/doublons/aucun/reunir'), answers: reviewers(404) },
  'POST /admin/revue/doublons/:id/refuser': {
    at: fixed('/admin/revue/doublons/aucun/refuser'),
    answers: reviewers(404),
  },
  'POST /admin/revue/doublons/:id/doute': { at: fixed('/admin/revue/doublons/aucun/doute'), answers: reviewers(404) },
  'GET /admin/revue/reunis/:id/separer': { at: fixed('/admin/revue/reunis/aucun/separer'), answers: reviewers(404) },
  'POST /admin/revue/reunis/:id/separer': { at: fixed('/admin/revue/reunis/aucun/separer'), answers: reviewers(404) },

  // The operator.
  'GET /admin': { answers: operators(200) },
  'GET /admin/travaux': { answers: operators(200) },
  'GET /admin/travaux/:name': { at: fixed('/admin/travaux/lists'), answers: operators(200) },
  'GET /admin/travaux/:name/lancer': { at: fixed('/admin/travaux/lists/lancer'), answers: operators(200) },
  'POST /admin/travaux/:name/lancer': { at: fixed('/admin/travaux/lists/lancer'), answers: operators(303) },
  'GET /admin/courriels': { answers: operators(200) },
  'GET /admin/ecarts': { answers: operators(200) },
  'GET /admin/collectes': { answers: operators(200) },
  'GET /admin/collectes.csv': { answers: operators(200) },
  // No run: to whoever may not read it, none exists either.
  'GET /admin/collectes/:id': { at: fixed('/admin/collectes/aucune'), answers: signedIn(404) },
  'GET /admin/collectes/:id.csv': { at: fixed('/admin/collectes/aucune.csv'), answers: signedIn(404) },
  'GET /admin/collectes/:id/concernes.csv': {
    at: fixed('/admin/collectes/aucune/concernes.csv'),
    answers: signedIn(404),
  },
  'POST /admin/collectes/:id/garder': { at: fixed('/admin/collectes/aucune/garder'), answers: operators(404) },
  'POST /admin/collectes/:id/appliquer': { at: fixed('/admin/collectes/aucune/appliquer'), answers: operators(404) },
  'POST /admin/collectes/:id/refaire': { at: fixed('/admin/collectes/aucune/refaire'), answers: operators(404) },
  'POST /admin/collectes/:id/arret': { at: fixed('/admin/collectes/aucune/arret'), answers: operators(404) },
  'GET /admin/sources': { answers: operators(200) },
  'GET /admin/sources/:id/corrections': { at: ofAnySource('/corrections'), answers: ofEither(200) },
  'GET /admin/fiches/:id': { at: ofRecord('', '/admin'), answers: ofEither(404) },
  'POST /admin/fiches/:id': { at: ofRecord('', '/admin'), answers: ofEither(404) },
  'GET /admin/fiches/:id/identifiant': { at: ofRecord('/identifiant', '/admin'), answers: ofEither(404) },
  'POST /admin/fiches/:id/identifiant': { at: ofRecord('/identifiant', '/admin'), answers: ofEither(404) },
  'POST /admin/fiches/:id/choix': { at: ofRecord('/choix', '/admin'), answers: ofEither(404) },
  'POST /admin/fiches/:id/retrait': { at: ofRecord('/retrait', '/admin'), answers: ofEither(404) },
  'GET /admin/sources/:id': { at: ofAnySource(''), answers: operators(200) },
  'GET /admin/sources/:id/liens': { at: ofAnySource('/liens'), answers: { ...ofProviders(200), operator: 200 } },
  'GET /admin/sources/:id/liens.csv': {
    at: ofAnySource('/liens.csv'),
    answers: { ...ofProviders(200), operator: 200 },
  },
  // 409: nobody waits for an answer.
  'POST /admin/sources/:id/accepter': { at: ofAnySource('/accepter'), answers: operators(409) },
  'POST /admin/sources/:id/refuser': { at: ofAnySource('/refuser'), answers: operators(422) },
  'POST /admin/sources/:id/activer': { at: ofAnySource('/activer'), answers: operators(303) },
  'POST /admin/sources/:id/pause': { at: ofAnySource('/pause'), answers: operators(422) },
  'GET /admin/sources/:id/fermer': { at: ofAnySource('/fermer'), answers: operators(200) },
  'POST /admin/sources/:id/fermer': { at: ofAnySource('/fermer'), answers: operators(422) },
  [`GET ${admin}`]: { answers: operators(200) },
  [`POST ${admin}`]: { send: { q: 'personne@exemple.fr' }, answers: operators(422) },
  [`GET ${admin}/:id`]: { at: ({ account }) => `${admin}/${account}`, answers: operators(200) },
  [`POST ${admin}/:id/roles/:role/donner`]: {
    at: ({ account }) => `${admin}/${account}/roles/rule-editor/donner`,
    answers: operators(303),
  },
  [`GET ${admin}/:id/roles/:role/retirer`]: {
    at: ({ account }) => `${admin}/${account}/roles/reviewer/retirer`,
    answers: operators(200),
  },
  [`POST ${admin}/:id/roles/:role/retirer`]: {
    at: ({ account }) => `${admin}/${account}/roles/reviewer/retirer`,
    answers: operators(303),
  },
  [`GET ${admin}/:id/connexions`]: { at: ({ account }) => `${admin}/${account}/connexions`, answers: operators(200) },
  [`POST ${admin}/:id/connexions`]: { at: ({ account }) => `${admin}/${account}/connexions`, answers: operators(303) },
  [`GET ${admin}/:id/code`]: { at: ({ account }) => `${admin}/${account}/code`, answers: operators(200) },
  [`POST ${admin}/:id/code`]: { at: ({ account }) => `${admin}/${account}/code`, answers: operators(303) },
  [`GET ${toApprove}`]: { answers: operators(200) },
  [`GET ${toApprove}/:id`]: { at: ({ waiting }) => `${toApprove}/${waiting}`, answers: operators(200) },
  [`GET ${toApprove}/:id/justificatif`]: {
    at: ({ waiting }) => `${toApprove}/${waiting}/justificatif`,
    answers: operators(200),
  },
  [`POST ${toApprove}/:id/accepter`]: {
    at: ({ waiting }) => `${toApprove}/${waiting}/accepter`,
    answers: operators(303),
  },
  [`POST ${toApprove}/:id/refuser`]: {
    at: ({ waiting }) => `${toApprove}/${waiting}/refuser`,
    send: { reason: 'Le document ne dit rien de cet organisme.' },
    answers: operators(303),
  },
  'GET /admin/journal': { answers: operators(200) },
  'POST /admin/journal/verification': { answers: operators(200) },

  // Of rule editors, with a one-time code.
  'GET /admin/regles': { answers: ruleEditors(200) },
  'GET /admin/regles/:id': { at: fixed(`${ruleDesk}/F-03`), answers: ruleEditors(200) },
  'POST /admin/regles/:id': { at: fixed(`${ruleDesk}/F-03`), answers: ruleEditors(422) },
  'GET /admin/regles/brouillons/:id': { at: fixed(`${ruleDesk}/brouillons/${nowhere}`), answers: ruleEditors(404) },
  'GET /admin/regles/brouillons/:id/changer': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/changer`),
    answers: ruleEditors(404),
  },
  'POST /admin/regles/brouillons/:id/changer': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/changer`),
    answers: ruleEditors(404),
  },
  'POST /admin/regles/brouillons/:id/cas': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/cas`),
    answers: ruleEditors(404),
  },
  'POST /admin/regles/brouillons/:id/liste': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/liste`),
    answers: ruleEditors(404),
  },
  'GET /admin/regles/brouillons/:id/verdicts.csv': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/verdicts.csv`),
    answers: ruleEditors(404),
  },
  'GET /admin/regles/brouillons/:id/retirer': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/retirer`),
    answers: ruleEditors(404),
  },
  'POST /admin/regles/brouillons/:id/retirer': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/retirer`),
    answers: ruleEditors(404),
  },
  'POST /admin/regles/brouillons/:id/publier': {
    at: fixed(`${ruleDesk}/brouillons/${nowhere}/publier`),
    answers: ruleEditors(404),
  },
};

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: readonly Layer[] };
  readonly slash?: boolean;
}

/** Express says little of its layers to a type checker. */
function stackOf(web: RunningServer['web']): readonly Layer[] {
  const stack: unknown = web.router.stack;
  return stack as readonly Layer[];
}

/** `GET /path` of every route of a router and of the routers inside it. */
function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle, slash }) => {
    if (route !== undefined) {
      return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`);
    }
    if (handle?.stack === undefined) return [];
    // Its routes would have another address than the one they say.
    if (slash !== true) throw new Error('a router is mounted under a path: routes are declared with their whole path');
    return routesOf(handle.stack);
  });
}

describe('rights', function () {
  this.timeout(300_000);
  let folder: string;
  let database: TestDatabase;
  let app: App;
  let server: RunningServer;
  let accounts: AccountStore;
  let organisations: OrganisationStore;
  let door: Express;
  let asked = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'en2-rights-'));
    database = await testDatabase();
    const config = readConfig({
      NODE_ENV: 'test',
      DATA_DIR: folder,
      MONGODB_URI: database.uri,
      DEMO: 'false',
      PORT: '0',
      LOG_LEVEL: 'silent',
      RATE_LIMIT_PER_MINUTE: '1000000',
      BATCH_LIMIT_PER_MINUTE: '1000000',
      CONTACT_EMAIL: 'aide@exemple.fr',
    });
    app = await openApp(config, makeLog('silent'), { runsIn: 'this-thread' });
    server = await serve(app);
    const { connection } = app.database;
    accounts = makeAccountStore(connection);
    organisations = makeOrganisationStore(connection);
    await makePathwayStore(connection).replaceAll([aPathway({ slug: pathway })]);
    door = doorOf((await app.people()).sessions);
  });
  after(async () => {
    await server?.close();
    await app?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
    // A hook that throws here hides why `before` failed, and leaves the embedded engine running.
    if (server === undefined) return;
    console.log(`    ${routes().length} routes, ${caseNames.length} cases of ${roles.length} roles: ${asked} requests`);
  });

  const routes = () => routesOf(stackOf(server.web));

  it('the table names every route, and no route that is gone', () => {
    expect(
      routes().filter((route) => !(route in table)),
      'routes that the table does not know',
    ).to.deep.equal([]);
    expect(
      Object.keys(table).filter((route) => !routes().includes(route)),
      'routes that are gone',
    ).to.deep.equal([]);
    expect(new Set(routes()).size, 'a route declared twice').to.equal(routes().length);
  });

  it('every role is asked', () => {
    expect([...new Set(Object.values(cases).map(({ role }) => role))].sort()).to.deep.equal([...roles].sort());
  });

  async function person(change: Partial<Account> = {}): Promise<Account> {
    const id = randomUUID();
    const account: Account = {
      id,
      email: { address: `${id}@exemple.fr`, verifiedAt: new Date() },
      displayName: null,
      passwordHash: null,
      identities: [],
      roles: ['learner'],
      oneTimeCode: null,
      consents: [],
      rightsVersion: 1,
      demo: false,
      createdAt: new Date(),
      lastSignInAt: null,
      ...change,
    };
    await accounts.create(account);
    return account;
  }

  async function organisation(
    kind: Organisation['kind'],
    members: Organisation['members'],
    waiting = false,
  ): Promise<string> {
    const id = randomUUID();
    const createdAt = new Date();
    const approval = kind === 'provider' ? null : waiting ? waitingSince(createdAt) : accepted(createdAt);
    const name = 'Organisme des droits';
    await organisations.create({ id, kind, name, siret: null, members, approval, demo: false, createdAt });
    return id;
  }

  /** A funder that waits, with a document. */
  async function aWaitingFunder(members: Organisation['members']): Promise<string> {
    const id = await organisation('funder', members, true);
    const bytes = Readable.from([Buffer.from('%PDF-1.7\n%%EOF')]);
    const upload = { owner: filesOf(id), purpose: 'organisation-proof', name: 'statuts.pdf', bytes, maxBytes: 1_000 };
    await (await app.people()).files.store({ ...upload, accepted: ['application/pdf'] });
    return id;
  }

  async function invitation(organisationId: string, invitedBy: string, emailKey: string) {
    const [id, token] = [randomUUID(), randomBytes(32).toString('base64url')];
    const sentAt = new Date();
    await organisations.addInvitation({
      id,
      organisationId,
      emailKey,
      owner: false,
      tokenHash: hashOfToken(token),
      invitedBy,
      sentAt,
      expiresAt: new Date(sentAt.getTime() + 60_000),
      usedAt: null,
      withdrawnAt: null,
    });
    return { id, token };
  }

  async function activeSource(organisationId: string): Promise<string> {
    const id = `s-${randomUUID()}`;
    const at = new Date();
    await makeSourceStore(app.database.connection).create({
      ...aProviderSource({ id, organisationId, at }),
      state: 'active',
      history: [{ state: 'active', at, reason: null, by: 'operator' }],
    });
    return id;
  }

  async function sceneOf(asking: Asking): Promise<{ scene: Scene; me: Account | null }> {
    const { role, belongs, granted = [] } = asking;
    const identity = { provider: 'citoyen', kind: 'citizen', subject: randomUUID(), linkedAt } as const;
    const change: Partial<Account> = { roles: ['learner', ...granted], identities: [identity] };
    const me = role === 'visitor' ? null : await person(change);
    const oneTimeCode = { seed: 'sealed', confirmedAt: new Date(), lastStep: null, recoveryCodes: [] };
    const [boss, member, other] = [
      await person(),
      await person(),
      await person({ roles: ['learner', 'reviewer'], oneTimeCode }),
    ];
    const since = new Date();
    const others = [
      { accountId: boss.id, owner: true, since },
      { accountId: member.id, owner: false, since },
    ];
    const own = me === null || belongs === undefined ? [] : [{ accountId: me.id, owner: belongs.owner, since }];
    const id = await organisation(belongs?.kind ?? 'provider', [...others, ...own], belongs?.waiting);
    const waitingElsewhere = await aWaitingFunder(others);
    const elsewhere = await organisation('provider', others);
    const waiting = await invitation(id, boss.id, 'somebody@exemple.fr');
    const toMe = await invitation(elsewhere, boss.id, `${me?.id ?? 'nobody'}@exemple.fr`);
    return {
      me,
      scene: {
        organisation: id,
        member: member.id,
        invitation: waiting.id,
        token: toMe.token,
        waiting: waitingElsewhere,
        account: other.id,
        source: await activeSource(id),
      },
    };
  }

  it('the bar of the own space leads to the spaces that the person may open, and to no other', async () => {
    const shown = await Promise.all(
      caseNames
        .filter((name) => name !== 'visitor')
        .map(async (name) => {
          const asking: Asking = cases[name];
          const { me } = await sceneOf(asking);
          const { cookie } = await opened(door, me, asking.strong === true);
          const { text } = await request(server.web).get('/mon-espace/profil').set('Cookie', cookie).expect(200);
          const bar = /<nav aria-label="Mon espace">.*?<\/nav>/s.exec(text)?.[0] ?? '';
          return [name, [...bar.matchAll(/href="(\/(?!mon-espace)[^"]*)"/g)].map(([, href]) => href)];
        }),
    );
    expect(Object.fromEntries(shown)).to.deep.equal({
      learner: [],
      member: ['/fournisseur'],
      owner: ['/fournisseur'],
      funder: ['/financeur'],
      funderOwner: ['/financeur'],
      waitingFunder: [],
      ruleEditor: ['/admin/regles'],
      reviewer: ['/admin/revue'],
      operator: ['/admin'],
      weakFunder: [],
      weakOperator: [],
    });
  });

  for (const [route, row] of Object.entries(table)) {
    it(route, async () => {
      const [method = '', path = ''] = route.split(' ');
      const got = await Promise.all(
        caseNames.map(async (name) => {
          const asking: Asking = cases[name];
          const { scene, me } = await sceneOf(asking);
          const { cookie, csrf } = await opened(door, me, asking.strong === true);
          const address = row.at === undefined ? path : row.at(scene);
          const sent =
            method === 'GET' ? request(server.web).get(address) : request(server.web).post(address).type('form');
          sent.set('Cookie', cookie);
          asked += 1;
          const answer = await (method === 'GET' ? sent : sent.send({ ...row.send, _csrf: csrf }));
          const toSignIn = answer.status === 303 && String(answer.headers.location).startsWith('/connexion?suite');
          return [name, toSignIn ? 401 : answer.status];
        }),
      );
      expect(Object.fromEntries(got)).to.deep.equal(row.answers);
    });
  }
});

/** Opens sessions as the platform does, without a password: what signing in needs is tested elsewhere. */
function doorOf(sessions: Sessions<Actor>): Express {
  const web = express();
  web.use((_request, response, next) => {
    response.locals.shell = {};
    next();
  });
  web.use(...sessions.middleware);
  web.get('/open', async (asked, response) => {
    const { id, version, strong } = asked.query;
    if (typeof id === 'string') {
      await sessions.signIn(asked, id, { strong: strong === 'true', rightsVersion: Number(version) });
    }
    response.json({ csrf: response.locals.shell.csrf });
  });
  return web;
}

async function opened(door: Express, me: Account | null, strong: boolean): Promise<{ cookie: string; csrf: string }> {
  const query = me === null ? {} : { id: me.id, version: me.rightsVersion, strong };
  const answer = await request(door).get('/open').query(query).expect(200);
  const [cookie = ''] = String(answer.headers['set-cookie'] ?? '').split(';');
  return { cookie, csrf: answer.body.csrf };
}
