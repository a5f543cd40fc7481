/** What AssemblyScript has and graph.ts uses. */
declare type i32 = number;
declare function __collect(): void;
