import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Settings } from './settings.js';

/** Lets through who knows the key; nobody when there is none. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    const given = context.switchToHttp().getRequest<Request>().header('x-api-key') ?? '';
    const { apiKey } = this.settings;
    if (!apiKey || !timingSafeEqual(digest(given), digest(apiKey))) throw new UnauthorizedException();
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
