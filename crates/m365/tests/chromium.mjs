// Loads a name of each host in Chromium under a PAC file, and prints which of three proxies each request came to.
//
// node chromium.mjs PAC-FILE < hosts, one a line. In the file the proxies are 127.0.0.1:60000, 60001 and 60002.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const hosts = readFileSync(0, 'utf8').split('\n').filter(host => host);
const wanted = new Set(hosts);
const seen = new Map();
const page = `<script>
  const hosts = ${JSON.stringify(hosts)};
  // A few at a time: browsers wait for each other at one proxy.
  const next = () => { const host = hosts.shift(); if (host === undefined) return;
    const image = new Image(); image.onload = image.onerror = next; image.src = 'http://' + host + '/'; };
  for (let i = 0; i < 16; i++) next();
</script>`;

let child;
const finish = () => {
  for (const host of wanted) console.log(host, seen.get(host) ?? '-');
  child.kill();
};
const note = (host, index) => {
  host = host.replace(/:\d+$/, '').toLowerCase();
  if (wanted.has(host) && !seen.has(host)) seen.set(host, index);
  if (seen.size === wanted.size) finish();
};

const servers = [0, 1, 2].map(index => {
  const server = http.createServer((request, response) => {
    const host = new URL(request.url, 'http://' + request.headers.host).host;
    if (host === 'start.invalid') return response.setHeader('content-type', 'text/html').end(page);
    note(host, index);
    response.statusCode = 404;
    response.end();
  });
  // Names that browsers know to be of TLS alone come as CONNECT.
  server.on('connect', (request, socket) => { note(request.url, index); socket.on('error', () => {}); socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'); });
  return server;
});
await Promise.all(servers.map(server => new Promise(done => server.listen(0, '127.0.0.1', done))));
let pac = readFileSync(process.argv[2], 'utf8');
servers.forEach((server, index) => { pac = pac.replaceAll('127.0.0.1:6000' + index, '127.0.0.1:' + server.address().port); });
const pacServer = http.createServer((_, response) => response.setHeader('content-type', 'application/x-ns-proxy-autoconfig').end(pac));
await new Promise(done => pacServer.listen(0, '127.0.0.1', done));
const profile = mkdtempSync(join(tmpdir(), 'pac-'));
child = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--user-data-dir=' + profile, '--remote-debugging-port=0',
  `--proxy-pac-url=http://127.0.0.1:${pacServer.address().port}/proxy.pac`, 'http://start.invalid/'], { stdio: 'ignore' });
child.on('exit', () => {
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
});
setTimeout(finish, 240_000);
