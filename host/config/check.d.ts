/** Made from docs/config.schema.json when a bundle is made: see setup/config_check.mjs. */
declare module 'moorage:config-check' {
  export interface SchemaError {
    /** JSON pointers: of the value, and of the rule that it breaks. */
    instancePath: string;
    schemaPath: string;
    keyword: string;
    params: { additionalProperty?: string; missingProperty?: string };
    /** The key at fault, where a rule for keys is broken. */
    propertyName?: string;
  }

  export interface Schema {
    type?: string;
    title?: string;
    description?: string;
    default?: unknown;
    enum?: string[];
    minimum?: number;
    maximum?: number;
    pattern?: string;
    required?: string[];
    properties?: Record<string, Schema>;
    propertyNames?: Schema;
    additionalProperties?: Schema | false;
    items?: Schema;
  }

  export const schema: Schema;
  /** Whether the value is a configuration; if not, `errors` has all that is wrong. */
  export const check: ((value: unknown) => boolean) & { errors?: SchemaError[] | null };
}
