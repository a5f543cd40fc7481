import { NO_TEXTS } from '../text.ts';

/** What one container wants of one volume. */
export class Request {
  driver: string = '';
  name: string = '';
  /** Normalised container path: absolute, or relative to the sandbox. */
  path: string = '';
  readonly: bool = false;
  /** The volume may be created when it does not exist. */
  create: bool = false;
  /** Flat pairs for the driver, sorted by key. */
  options: string[] = NO_TEXTS;
  /** Where it was asked for, as a person would say it: `label volume.logs`. */
  origin: string = '';

  /** `driver/name`: names the volume among all volumes. Set by {@link identify}. */
  key: string = '';

  /** Driver and name are settled. */
  identify(): void {
    this.key = this.driver + '/' + this.name;
  }

  /** Equal requests mean the same. */
  meaning(): string {
    let text =
      this.key + '\n' + this.path + (this.readonly ? '\nro' : '\nrw') + (this.create ? '\ncreate' : '\n');
    for (let i = 0; i < this.options.length; i++) text += '\n' + this.options[i];
    return text;
  }
}
