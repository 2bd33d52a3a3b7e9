/**
 * The view engine: Handlebars files of one folder, compiled at start. Every file is a template and a partial under its
 * path without extension (`catalogue/home`, `partials/carte`); a layout is a partial that prints its block. Strict: a
 * template that names a value its model does not have fails instead of printing nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import type { Response } from 'express';
import Handlebars from 'handlebars';
import { french } from './format.ts';
import { inTurn } from './turns.ts';

export interface Views {
  /** The page as HTML; `shell` is what the server knows of the request, for layouts. */
  render(view: string, model: PageModel & { readonly shell: unknown }): string;
}

/** What every page says of itself. */
export interface PageModel {
  /** Of the browser's tab, without the site's name. */
  readonly title: string;
  readonly description: string | null;
  /** Kept out of search engines. */
  readonly noindex: boolean;
  /** Path of the entry of the menu this page belongs to, or null. */
  readonly section: string | null;
}

const extension = '.hbs';

/** What layouts print on every page, as `{{@root.site}}`. */
export interface Site {
  /** The sections that exist. */
  readonly sections: readonly { readonly label: string; readonly href: string }[];
  /** Whether there is somebody to talk to. */
  readonly contact: boolean;
  /** The catalogue holds invented courses: every page says so. */
  readonly demo: boolean;
  /** Published names of the files every page loads. */
  readonly assets: { readonly css: string; readonly font: string; readonly icons: string; readonly logo: string };
}

/**
 * @throws when a template does not compile or names a partial that does not exist
 */
export function loadViews(directory: string, site: Site): Views {
  const engine = Handlebars.create();
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => path.slice(0, -extension.length).replaceAll('\\', '/'));
  const templates = new Map<string, Handlebars.TemplateDelegate>();
  for (const name of names) {
    const ast = engine.parse(readFileSync(join(directory, `${name}${extension}`), 'utf8'), { srcName: name });
    typeset(ast);
    partialsOf(ast).forEach((partial) => {
      if (!names.includes(partial))
        throw new Error(`views/${name}${extension} uses the partial ${partial}: no such file`);
    });
    // `compile` would wait for the first visitor: precompile now, and run the result as a script.
    const source = engine.precompile(ast, { strict: true, knownHelpersOnly: true });
    const template = engine.template(runInThisContext(`(${source})`, { filename: `views/${name}${extension}` }));
    templates.set(name, template);
    engine.registerPartial(name, template);
  }
  return {
    render(view, model) {
      const template = templates.get(view);
      if (template === undefined) throw new Error(`views/${view}${extension}: no such file`);
      const nav = site.sections.map(({ label, href }) => ({ label, href, current: href === model.section }));
      return template({ ...model, site, nav });
    },
  };
}

/** French no-break spaces in the words written in templates. */
export function typeset(ast: hbs.AST.Program): void {
  const visitor = new Handlebars.Visitor();
  visitor.ContentStatement = (content) => {
    content.value = french(content.value);
  };
  visitor.accept(ast);
}

/** Names of the partials a template calls; the block a layout prints is not one. */
function partialsOf(ast: hbs.AST.Program): readonly string[] {
  const found: string[] = [];
  const visitor = new Handlebars.Visitor();
  const note = (name: hbs.AST.PathExpression | hbs.AST.SubExpression) => {
    if ('original' in name && !name.original.startsWith('@')) found.push(String(name.original));
  };
  const { PartialStatement, PartialBlockStatement } = Handlebars.Visitor.prototype;
  visitor.PartialStatement = function (partial) {
    note(partial.name);
    PartialStatement.call(this, partial);
  };
  visitor.PartialBlockStatement = function (partial) {
    note(partial.name);
    PartialBlockStatement.call(this, partial);
  };
  visitor.accept(ast);
  return found;
}

/**
 * Answers with a page; `response.locals.shell` was set by the server. What fails goes to the error pages, as with `render` of
 * express.
 */
export function sendPage(response: Response, views: Views, view: string, model: PageModel, status = 200): void {
  inTurn(() => {
    // Whoever left reads no page.
    if (response.destroyed) return;
    try {
      const text = views.render(view, { ...model, shell: response.locals.shell });
      response.status(status);
      // Nobody keeps it, so nobody will ask whether it changed: it needs no digest.
      if (response.get('Cache-Control') === 'no-store') response.type(response.get('Content-Type') ?? 'html').end(text);
      else response.send(text);
    } catch (error) {
      response.req.next?.(error);
    }
  });
}
