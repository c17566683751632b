import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configure } from './configure.js';

async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  configure(app);
  app.enableShutdownHooks(); // SIGTERM and SIGINT close the store
  await app.listen(Number(process.env['PORT'] ?? 3000), process.env['HOST'] ?? '127.0.0.1');
  new Logger('main').log(`listening on ${await app.getUrl()}`);
}

main().catch((e: unknown) => {
  new Logger('main').error(e);
  process.exitCode = 1;
});
