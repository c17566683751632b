import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { FluoriteExceptionFilter } from 'fluorite-bridge/nestjs';

/** What the application and its tests share. */
export function configure(app: NestExpressApplication): void {
  app.useBodyParser('json', { limit: '2mb' }); // a chunk may have 1 MiB; the parser's own limit is 100 KB
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.useGlobalFilters(new FluoriteExceptionFilter());
  const document = (): ReturnType<typeof SwaggerModule.createDocument> =>
    SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Notes').addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'key').build());
  SwaggerModule.setup('docs', app, document);
}
