import type { FastifyInstance } from 'fastify';
import { isDeeper } from './json-depth.ts';
import { HttpRefusal } from './problem.ts';

const MAX_DEPTH = 64;

export const JSON_TYPE = 'application/json';
export const MERGE_PATCH_TYPE = 'application/merge-patch+json';

/** Accepts JSON only, with limited depth and without the keys that pollute prototypes. */
export function addJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser([JSON_TYPE, MERGE_PATCH_TYPE], { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    if (text === '') done(null, undefined);
    else if (isDeeper(text, MAX_DEPTH)) {
      done(new HttpRefusal(400, 'INVALID_OBJECT', `the body nests deeper than ${MAX_DEPTH} levels`));
    } else {
      parse(request, text, (error, value) => {
        if (error === null) done(null, value);
        else
          done(
            new HttpRefusal(400, 'INVALID_OBJECT', 'the body is not JSON, or has a key that is not allowed'),
          );
      });
    }
  });
}
