import { Module } from '@nestjs/common';
import { FluoriteModule } from 'fluorite-bridge/nestjs';
import { NotesController } from './notes.controller.js';
import { NotesService } from './notes.service.js';

@Module({ imports: [FluoriteModule.forFeature([{ name: 'notes' }])], controllers: [NotesController], providers: [NotesService] })
export class NotesModule {}
