// Shared by the NestJS specs: decorators written out, as these files are JavaScript.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Get, Inject, Injectable, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { FluoriteHttpModule, FluoriteModule } from '../nestjs/index.js';

/** A test that would wait for ever if what it tests were broken. */
export const HANGS = { timeout: 60_000 };

/** Asserts an answer is a problem with this status and code, and says nothing of the machine. */
export function problem(answer, status, code) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.body.code, code);
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.type, 'about:blank');
  assert.ok(answer.body.title && answer.body.detail);
  assert.doesNotMatch(JSON.stringify(answer.body), /"\/|\/tmp|stack|node_modules|\d{4,}\b.*pid/i);
  return answer.body;
}

/** A provider class with these constructor dependencies. */
export function injectable(type, ...tokens) {
  Injectable()(type);
  tokens.forEach((token, i) => Inject(token)(type, undefined, i));
  return type;
}

/** A module class. */
export function module(metadata) {
  class Made {}
  Module(metadata)(Made);
  return Made;
}

/** A controller with one route per method: `routes` maps `GET /path` to a function of the injected values. */
export function controller(tokens, routes) {
  class Made {
    constructor(...injected) {
      this.injected = injected;
    }
  }
  for (const [route, run] of Object.entries(routes)) {
    const [verb, path] = route.split(' ');
    const name = route.replace(/\W/g, '_');
    Made.prototype[name] = function () {
      return run(...this.injected);
    };
    const method = verb === 'GET' ? Get : Post;
    method(path)(Made.prototype, name, Object.getOwnPropertyDescriptor(Made.prototype, name));
  }
  Controller()(Made);
  tokens.forEach((token, i) => Inject(token)(Made, undefined, i));
  return Made;
}

/** A started application; closed when the test ends. Logs nothing. */
export async function start(t, imports, { controllers = [], providers = [], set = () => undefined, options = {}, adapter } = {}) {
  const testing = await Test.createTestingModule({ imports, controllers, providers }, options).setLogger(false).compile();
  const app = testing.createNestApplication(adapter);
  const close = app.close.bind(app);
  let closing;
  app.close = () => (closing ??= close()); // Nest would run the hooks again
  set(app);
  await app.init();
  app.useLogger(false);
  t.after(() => {
    app.getHttpServer().closeAllConnections(); // a failed test may have left one
    return app.close();
  });
  return app;
}

/** An application with the routes on an empty store, and a client. */
export async function served(t, http = {}, { config = {}, ...more } = {}) {
  const app = await start(t, [FluoriteModule.forTesting(config), FluoriteHttpModule.register(http)], more);
  return { app, http: request(app.getHttpServer()) };
}

/** Server-sent events of an address, one after the other. */
export async function* stream(url, { signal } = {}) {
  const response = await fetch(url, { signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  let text = '';
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + part).split('\n\n');
    text = messages.pop();
    for (const message of messages) {
      const lines = new Map(message.split('\n').map((line) => line.split(/: (.*)/s)));
      if (lines.has('event')) yield { event: lines.get('event'), data: JSON.parse(lines.get('data')) };
    }
  }
}
