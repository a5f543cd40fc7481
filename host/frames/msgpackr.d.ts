/** The build of msgpackr that generates no code at run time; its package declares no types for it. */
declare module 'msgpackr/index-no-eval' {
  export { Packr, Unpackr } from 'msgpackr';
}
