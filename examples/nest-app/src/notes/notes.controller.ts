import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NoteDto } from './note.dto.js';
import { NotesService, type FoundNote } from './notes.service.js';

@ApiTags('notes')
@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Post()
  async keep(@Body() note: NoteDto): Promise<{ id: string }> {
    return { id: await this.notes.keep(note) };
  }

  @Get()
  find(@Query('q') question: string): Promise<FoundNote[]> {
    return this.notes.find(question);
  }
}
