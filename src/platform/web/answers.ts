/** What routes share: texts of a form, an address of the network, private answers. */
import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';

const longestText = 1_000;

/** A field that is a text; several, or an object, is none. Absent is empty. */
export const text = z.string().max(longestText).default('');

/** The texts of a form. @throws AppError `invalid` for an object, a repeated field, or a text longer than any of ours */
export function textsOf<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, request: Pick<Request, 'body'>) {
  const parsed = schema.safeParse(request.body ?? {});
  if (!parsed.success) throw new AppError('invalid', 'FORMULAIRE_ILLISIBLE', 'Cette demande est mal formée.');
  return parsed.data;
}

/** Of a query; anything but one short text is empty. */
export function queryText(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' && value.length <= longestText ? value : '';
}

/** Where the request comes from, for the limits. */
export function from(request: Request): { readonly address: string } {
  return { address: request.ip ?? 'unknown' };
}

/** Personal pages stay in no cache. */
export const unkept: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** A page whose address is a link of a mail names itself to nobody, and stays in no cache. */
export const unnamed: RequestHandler = (_request, response, next) => {
  response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  next();
};
