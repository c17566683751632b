// One decorator per kind of member: what class-validator checks (the first that fails is told: the type comes first), what OpenAPI
// shows, and that the member exists at all.
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Max, Min } from 'class-validator';
import { apiProperty } from '../openapi.js';

type Class = new () => object;
/** The class of a member that is an object, or of the items of one that is a list of objects. */
type Nested = () => Class;
/** Is it required? What is it? */
interface Told {
  required?: boolean;
  description: string;
}

const members = new WeakMap<object, Map<string, Nested | undefined>>();

/** The members of a class of this folder. */
export function membersOf(type: Class): ReadonlyMap<string, Nested | undefined> {
  return members.get(type.prototype as object) ?? new Map();
}

function field(told: Told, api: ApiPropertyOptions, checks: PropertyDecorator[], nested?: Nested): PropertyDecorator {
  const { required = false, description } = told;
  const all = [...checks, apiProperty({ ...api, required, description } as ApiPropertyOptions)];
  if (!required) all.push(IsOptional());
  return (target, key) => {
    let known = members.get(target);
    if (!known) members.set(target, (known = new Map<string, Nested | undefined>()));
    known.set(String(key), nested);
    for (const decorate of all) decorate(target, key);
  };
}

/** A text. */
export const text = (told: Told & { values?: readonly string[] }): PropertyDecorator =>
  told.values ? field(told, { type: String, enum: [...told.values] }, [IsIn(told.values)]) : field(told, { type: String }, [IsString()]);
/** A list of texts. */
export const texts = (told: Told & { most: number; values?: readonly string[] }): PropertyDecorator => {
  const each = told.values ? IsIn(told.values, { each: true }) : IsString({ each: true });
  const api: ApiPropertyOptions = told.values ? { type: String, enum: [...told.values], isArray: true } : { type: [String] };
  return field(told, { ...api, maxItems: told.most } as ApiPropertyOptions, [IsArray(), ArrayMaxSize(told.most), each]);
};
/** A number within bounds, whole when `whole`. */
export const number = (told: Told & { least?: number; most?: number; whole?: boolean }): PropertyDecorator => {
  const { least, most, whole = false } = told;
  const checks = [whole ? IsInt() : IsNumber({}, { message: '$property must be a number' }), ...(least === undefined ? [] : [Min(least)]), ...(most === undefined ? [] : [Max(most)])];
  const bounds = { ...(least === undefined ? {} : { minimum: least }), ...(most === undefined ? {} : { maximum: most }) };
  return field(told, { type: whole ? 'integer' : Number, ...bounds } as ApiPropertyOptions, checks);
};
/** A vector. */
export const vector = (told: Told): PropertyDecorator =>
  field(told, { type: [Number], maxItems: 4096 }, [IsArray(), ArrayMaxSize(4096), IsNumber({}, { each: true, message: 'each value in $property must be a number' })]);
/** True or false. */
export const flag = (told: Told): PropertyDecorator => field(told, { type: Boolean }, [IsBoolean()]);
/** Any JSON object; what is in it is the engine's to judge. */
export const json = (told: Told): PropertyDecorator => field(told, { type: 'object', additionalProperties: true }, [IsObject()]);
/** An object of another class. */
export const object = (told: Told & { type: () => Class }): PropertyDecorator =>
  field(told, { type: told.type }, [IsObject()], told.type);
/** A list of objects of another class. */
export const objects = (told: Told & { type: () => Class; most: number }): PropertyDecorator =>
  field(told, { type: told.type, isArray: true, maxItems: told.most }, [IsArray(), ArrayMaxSize(told.most)], told.type);
