// The decorators of @nestjs/swagger, or ones that do nothing where it is not installed.
import type { ApiBodyOptions, ApiOperationOptions, ApiPropertyOptions, ApiResponseOptions } from '@nestjs/swagger';

type Swagger = typeof import('@nestjs/swagger');

function load(): Swagger | undefined {
  try {
    return require('@nestjs/swagger') as Swagger;
  } catch (e) {
    const { code, message } = e as { code?: unknown; message?: unknown };
    if (code === 'MODULE_NOT_FOUND' && String(message).includes("'@nestjs/swagger'")) return undefined;
    throw e; // it is there and does not load: not to be hidden
  }
}

const swagger = load();
const nothing = (): void => undefined;

/** A member of a body. */
export const apiProperty = (options: ApiPropertyOptions): PropertyDecorator => swagger?.ApiProperty(options) ?? nothing;
/** What a route does. */
export const apiOperation = (options: ApiOperationOptions): MethodDecorator => swagger?.ApiOperation(options) ?? nothing;
/** What a route takes. */
export const apiBody = (options: ApiBodyOptions): MethodDecorator => swagger?.ApiBody(options) ?? nothing;
/** What a route answers. */
export const apiResponse = (options: ApiResponseOptions): MethodDecorator & ClassDecorator => swagger?.ApiResponse(options) ?? nothing;
/** A member of the query string. */
export const apiQuery = (name: string, description: string): MethodDecorator => swagger?.ApiQuery({ name, description, required: false, type: String }) ?? nothing;
/** The group the routes are shown in. */
export const apiTags = (tag: string): ClassDecorator => swagger?.ApiTags(tag) ?? nothing;
