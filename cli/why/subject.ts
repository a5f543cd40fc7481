import { UsageError } from '../usage_error.ts';

/** What a person asks about: a volume by `driver/name`, or a container's id, or the bare name of a volume. */
export interface Subject {
  text: string;
  isVolume(key: string): boolean;
  isContainer(id: string): boolean;
}

/** Throws {@link UsageError} for what can be neither. */
export function subjectOf(text: string): Subject {
  const parts = text.split('/');
  if (text === '' || parts.length > 2 || parts.includes(''))
    throw new UsageError(
      `${text}: name a container by its id, or a volume as DRIVER/NAME; see: moorage status`,
    );
  return {
    text,
    isVolume: (key) => key === text || (parts.length === 1 && key.endsWith(`/${text}`)),
    isContainer: (id) => id === text,
  };
}
