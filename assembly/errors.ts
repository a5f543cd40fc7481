/** The codes of refused and failed calls. People and programs match on them: they never change their meaning. */
export const BAD_FRAME: string = 'bad-frame';
export const BAD_LABEL: string = 'bad-label';
export const BAD_NAME: string = 'bad-name';
export const BAD_PATH: string = 'bad-path';
export const CONFLICT: string = 'conflict';
export const UNKNOWN_DRIVER: string = 'unknown-driver';
export const NOT_OFFERED: string = 'not-offered';
export const EXCLUSIVE: string = 'exclusive';
export const READ_ONLY: string = 'read-only';
export const NO_SUCH_VOLUME: string = 'no-such-volume';
export const CREATE_NOT_ALLOWED: string = 'create-not-allowed';
export const OPTIONS_DIFFER: string = 'options-differ';
export const DRIVER_REFUSED: string = 'driver-refused';
export const DRIVER_UNREACHABLE: string = 'driver-unreachable';
export const DRIVER_FAILED: string = 'driver-failed';
export const NOT_MOUNTED: string = 'not-mounted';
export const PLACE_FAILED: string = 'place-failed';
export const TIMEOUT: string = 'timeout';
export const DESTROYED: string = 'destroyed';
export const DRAINING: string = 'draining';
export const NOT_RECOVERED: string = 'not-recovered';
export const BAD_CONFIG: string = 'bad-config';

/** Why a call is refused: a code for programs, a sentence for people, and what to do next. */
export class Refusal {
  constructor(
    public code: string,
    public message: string,
    public hint: string,
  ) {}
}
