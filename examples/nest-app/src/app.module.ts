import { Module } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { TerminusModule } from '@nestjs/terminus';
import { FluoriteHttpModule, FluoriteModule } from 'fluorite-bridge/nestjs';
import { ApiKeyGuard } from './api-key.guard.js';
import { HealthController } from './health.controller.js';
import { NotesModule } from './notes/notes.module.js';
import { SettingsModule } from './settings.module.js';
import { Settings } from './settings.js';

@Module({
  imports: [
    SettingsModule,
    FluoriteModule.forRootAsync({
      inject: [Settings],
      useFactory: (settings: Settings) => ({ memory_path: settings.memoryPath, enable_ml: settings.model }),
    }),
    FluoriteHttpModule.register({ guards: [ApiKeyGuard], decorators: [ApiSecurity('key')] }),
    TerminusModule,
    NotesModule,
  ],
  controllers: [HealthController],
})
export class AppModule {}
