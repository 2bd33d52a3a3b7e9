/** The floor of `bench:eligibility`: a bare express that parses the same body and answers the bytes given in ANSWER. */
import type { AddressInfo } from 'node:net';
import express from 'express';

const bytes = process.env.ANSWER ?? '{}';
const app = express();
app.post('/', express.json(), (_request, response) => {
  response.type('application/json').send(bytes);
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}/` }, null, 1));
});
process.once('SIGTERM', () => process.exit(0));
