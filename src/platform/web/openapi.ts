/** The description of the API (OpenAPI 3.1), from the very schemas that read the requests and shape the answers. */
import { extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

extendZodWithOpenApi(z);

export interface DescribedAnswer {
  readonly description: string;
  /** By media type; none: the answer has no body. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
}

export interface DescribedRoute {
  readonly method: 'get' | 'post';
  /** `/verdicts/{code}.json`. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
}

export function describeApi(parts: {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly server: string;
  readonly routes: readonly DescribedRoute[];
}): object {
  const registry = new OpenAPIRegistry();
  for (const { method, path, summary, description, parameters, query, body, answers } of parts.routes) {
    registry.registerPath({
      method,
      path,
      summary,
      description,
      request: {
        ...(parameters === undefined ? {} : { params: parameters }),
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: body } } } }),
      },
      responses: Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          {
            description: answer.description,
            ...(answer.content === undefined
              ? {}
              : {
                  content: Object.fromEntries(
                    Object.entries(answer.content).map(([type, schema]) => [type, { schema }]),
                  ),
                }),
          },
        ]),
      ),
    });
  }
  const { title, version, description, server } = parts;
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title, version, description },
    servers: [{ url: server }],
  });
}
