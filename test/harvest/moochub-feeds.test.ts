/** Recorded MOOChub answers, read when they lie beside the project; they are not part of it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import moochub from '../../connectors/moochub/index.ts';
import { pathHttp } from '../../src/harvest/file-http.ts';
import { previewConnector } from '../../src/harvest/preview.ts';

const feeds = new URL('../../../shared/feeds/moochub/', import.meta.url);
const isPresent = existsSync(feeds);

async function preview(name: string) {
  const http = pathHttp(fileURLToPath(new URL(name, feeds)));
  return previewConnector(moochub, moochub.exampleConfig, http, { signal: new AbortController().signal });
}

describe('recorded MOOChub answers', () => {
  if (!isPresent) {
    it('were not read: ../shared/feeds/moochub is not here');
    return;
  }

  it('of iMooX (v2) give one German course, free, one hour a week, with its objectives', async () => {
    const report = await preview('imoox-v2-one-course.json');
    expect(report.summary).to.deep.equal({ records: 1, courses: 1, skipped: 0, rejected: 0, removed: 0 });
    expect(report.complete).to.equal(true);
    const course = report.items[0]?.course;
    expect(course?.languages).to.deep.equal(['de']);
    expect(course?.contentFree).to.equal(true);
    expect(course?.certificate.type).to.equal('unknown');
    expect(course?.effortMinutesPerWeek).to.equal(60);
    expect(course?.durationWeeks).to.equal(7);
    expect(course?.objectives).to.have.length(1);
    expect(course?.licence).to.equal('CC-BY-SA-4.0');
  });

  it('of the official example (v3, data as an object) give one course and stop, incomplete, at the page refused', async () => {
    const report = await preview('moochub-v3-official-example-openHPI.json');
    expect(report.summary).to.deep.equal({ records: 1, courses: 1, skipped: 0, rejected: 0, removed: 0 });
    expect(report.complete).to.equal(false);
    expect(report.error).to.be.a('string');
    const course = report.items[0]?.course;
    expect(course?.competences).to.deep.include({
      scheme: 'DigComp',
      code: '4.2',
      label: 'PROTECTING PERSONAL DATA AND PRIVACY',
      level: 4,
    });
    expect(course?.certificate.price?.amount).to.equal(5_000);
    expect(course?.contentFree).to.equal(true);
  });
});
