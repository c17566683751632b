// Shared by the NestJS specs: decorators written out, as these files are JavaScript.
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { FluoriteHttpModule, FluoriteModule } from '../nestjs/index.js';

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
