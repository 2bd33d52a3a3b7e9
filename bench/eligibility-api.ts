/** The API of one dossier under load, beside a bare express that answers the same bytes: part of `bench:eligibility`. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readCases } from '../src/eligibility/data.ts';
import { addressOf, cpuOf, load, round, type Server, stopped } from './server.ts';

export const apiTargetMs = 30;
/** Of each server, at the same load, so that what is measured is compiled. */
const warmUpSeconds = 2;
const path = '/api/v1/eligibility';

async function post(url: string, body: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return text;
}

export async function measureApi({ origin, cpuMs }: Server, seconds: number, say: (text: string) => void) {
  const body = JSON.stringify(readCases()[0]?.entree);
  const bytes = await post(`${origin}${path}`, body);
  const child = spawn(process.execPath, [fileURLToPath(new URL('bare-api.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', ANSWER: bytes },
  });
  try {
    const bare = `${await addressOf(child)}/`;
    const measure = async (url: string, cpu: () => Promise<number | null>) => {
      await load(url, { body, seconds: warmUpSeconds });
      const before = await cpu();
      const { answers, ...measured } = await load(url, { body, seconds });
      const after = await cpu();
      const cpuMsEach = before === null || after === null ? null : Number(((after - before) / answers).toFixed(3));
      return { ...measured, cpuMsEach };
    };
    say(`50 connections on a bare express, then on ${path}`);
    const floor = await measure(bare, () => cpuOf(child));
    const measured = await measure(`${origin}${path}`, cpuMs);
    const ratio = (ours: number | null, theirs: number | null) =>
      ours === null || theirs === null || theirs === 0 ? null : round(ours / theirs);
    return {
      ...measured,
      floor,
      ratio: { p99: ratio(measured.p99Ms, floor.p99Ms), cpu: ratio(measured.cpuMsEach, floor.cpuMsEach) },
      answerBytes: bytes.length,
      targetP99Ms: apiTargetMs,
      ok: measured.p99Ms < apiTargetMs,
    };
  } finally {
    await stopped(child);
  }
}
