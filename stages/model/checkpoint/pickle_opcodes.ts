/** The instructions of Python's pickles, by name. Source: Python's Lib/pickletools.py. */

/** Those that a dictionary of tensors needs. */
export const opcodes = {
  PROTO: 0x80,
  FRAME: 0x95,
  STOP: 0x2e,
  MARK: 0x28,
  NONE: 0x4e,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  BININT1: 0x4b,
  BININT2: 0x4d,
  BININT: 0x4a,
  LONG1: 0x8a,
  BINFLOAT: 0x47,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE: 0x58,
  EMPTY_TUPLE: 0x29,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  TUPLE: 0x74,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  APPENDS: 0x65,
  EMPTY_DICT: 0x7d,
  SETITEM: 0x73,
  SETITEMS: 0x75,
  GLOBAL: 0x63,
  STACK_GLOBAL: 0x93,
  REDUCE: 0x52,
  BUILD: 0x62,
  BINPERSID: 0x51,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  MEMOIZE: 0x94,
} as const;

/** Calls what it names; refused, as those below. */
export const INST = 0x69;

/** Those that are never followed. */
const refused = {
  OBJ: 0x6f,
  NEWOBJ: 0x81,
  NEWOBJ_EX: 0x92,
  EXT1: 0x82,
  EXT2: 0x83,
  EXT4: 0x84,
  PERSID: 0x50,
  POP: 0x30,
  POP_MARK: 0x31,
  DUP: 0x32,
  INT: 0x49,
  LONG: 0x4c,
  LONG4: 0x8b,
  FLOAT: 0x46,
  STRING: 0x53,
  BINSTRING: 0x54,
  SHORT_BINSTRING: 0x55,
  BINBYTES: 0x42,
  SHORT_BINBYTES: 0x43,
  BINBYTES8: 0x8e,
  BINUNICODE8: 0x8d,
  BYTEARRAY8: 0x96,
  NEXT_BUFFER: 0x97,
  READONLY_BUFFER: 0x98,
  UNICODE: 0x56,
  LIST: 0x6c,
  DICT: 0x64,
  EMPTY_SET: 0x8f,
  ADDITEMS: 0x90,
  FROZENSET: 0x91,
  GET: 0x67,
  PUT: 0x70,
} as const;

/** For errors: the name and byte of a refused instruction. */
export function describeRefused(code: number): string {
  const name = Object.entries(refused).find(([, each]) => each === code)?.[0];
  const byte = `0x${code.toString(16).padStart(2, "0")}`;
  return name === undefined ? `the unknown byte (${byte})` : `the instruction ${name} (${byte})`;
}
