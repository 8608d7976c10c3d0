/** Pickles that do more than hold tensors: each is refused in both of PyTorch's containers. */
import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import { bytesFrom, pickleOf, streamOf, zipOf } from "../../../support/pytorch_files.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const P2 = "\x80\x02", P4 = "\x80\x04";
const never = (name: string) => new RegExp(`calls ${name}; code in a checkpoint is never run$`);
const unknown = (name: string) => new RegExp(`has the instruction ${name} \\(0x[0-9a-f]{2}\\)`);

/** A pickle and what its complaint says. */
const hostile: Record<string, readonly [pickle: string | Uint8Array, says: RegExp]> = {
  "runs a command": [`${P2}cos\nsystem\nX\x02\x00\x00\x00ls\x85R.`, never("os\\.system")],
  "runs a command by its other name": [
    `${P2}cposix\nsystem\n(X\x02\x00\x00\x00lstR.`,
    never("posix\\.system"),
  ],
  "evaluates text": [`${P2}cbuiltins\neval\n.`, never("builtins\\.eval")],
  "evaluates text as Python 2 does": [`${P2}c__builtin__\neval\n.`, never("__builtin__\\.eval")],
  "names a command by two texts": [`${P4}\x8c\x02os\x8c\x06system\x93.`, never("os\\.system")],
  "loads another file": [`${P2}ctorch\nload\n.`, never("torch\\.load")],
  "names what JavaScript objects inherit": [
    `${P2}c__proto__\nconstructor\n.`,
    never("__proto__\\.constructor"),
  ],
  "rebuilds an array of numpy": [
    `${P2}cnumpy.core.multiarray\n_reconstruct\n.`,
    never("numpy.core.multiarray._reconstruct"),
  ],
  "creates an object by INST": [`${P2}(ios\nsystem\n.`, never("os\\.system")],
  "calls a storage": [`${P2}ctorch\nFloatStorage\n)R.`, never("torch.FloatStorage")],
  "writes to the terminal by a name": [`${P2}c\x1b[2J\nred\n.`, never("\\?\\[2J\\.red")],
  "creates an object by OBJ": [`${P2}(ccollections\nOrderedDict\no.`, unknown("OBJ")],
  "creates an object by NEWOBJ": [`${P2}ccollections\nOrderedDict\n)\x81.`, unknown("NEWOBJ")],
  "creates an object by NEWOBJ_EX": [
    `${P4}ccollections\nOrderedDict\n)}\x92.`,
    unknown("NEWOBJ_EX"),
  ],
  "uses a registered extension": [`${P2}\x82\x01.`, unknown("EXT1")],
  "uses a registered extension with a large number": [
    `${P2}\x84\x01\x00\x00\x00.`,
    unknown("EXT4"),
  ],
  "has bytes outside the pickle": ["\x80\x04\x97.", unknown("NEXT_BUFFER")],
  "has a 2 GB integer": [`${P2}\x8b\xff\xff\xff\x7f.`, unknown("LONG4")],
  "has an instruction that does not exist": [`${P2}\xff.`, /has the unknown byte \(0xff\)/],
  "has the oldest protocol": ["\x80\x00}.", /protocol 0; protocols 2 to 4/],
  "has a future protocol": ["\x80\x09}.", /protocol 9; protocols 2 to 4/],
  "has a text longer than the file": [
    `${P2}X\xff\xff\xff\x03abc.`,
    /unexpected end of file: 67108863/,
  ],
  "has a 4 GB text": [`${P2}X\xff\xff\xff\xffabc.`, /has a text of 4294967295 bytes/],
  "has a text that is not UTF-8": [`${P2}X\x02\x00\x00\x00\xff\xfe.`, /invalid UTF-8/],
  "has a name that does not end": [
    `${P2}c${"x".repeat(600)}`,
    /the line at byte \d+ is too long/,
  ],
  "takes from an empty stack": [`${P2}.`, /takes a value from an empty stack/],
  "takes what is below a mark": [`${P2}}(.`, /takes a value from an empty stack/],
  "ends inside a list": [`${P2}}}.`, /ends inside a list/],
  "ends a list that was never started": [`${P2}t.`, /ends a list that was never started/],
  "sets items of a tuple": [
    `${P2})K\x01K\x02s.`,
    /sets an item of something that is not a dictionary/,
  ],
  "sets a key without a value": [`${P2}}(K\x01u.`, /sets a key without a value/],
  "has a list as a key": [`${P2}}]K\x01s.`, /key that is neither text nor a number/],
  "appends to a number": [`${P2}K\x01K\x02a.`, /appends to something that is not a list/],
  "sets attributes of a list": [
    `${P2}]}b.`,
    /sets attributes of something that is not an OrderedDict/,
  ],
  "calls a number": [`${P2}K\x01)R.`, /calls something that cannot be called/],
  "refers to an object that it never stored": [`${P2}h\x05.`, /refers to object 5, which/],
  "stores a value from an empty stack": [`${P2}q\x00.`, /takes a value from an empty stack/],
  "stores an object under 2^32 - 1": [`${P2}]r\xff\xff\xff\xff.`, /not a dictionary of tensors/],
  "names a callable by numbers": [
    `${P4}K\x01K\x02\x93.`,
    /names a callable by something other than text/,
  ],
  "creates an OrderedDict with arguments": [
    `${P2}ccollections\nOrderedDict\n]\x85R.`,
    /is created with/,
  ],
  "creates a size from nothing": [`${P2}ctorch\nSize\n)R.`, /other than a tuple/],
  "creates a tensor from nothing": [
    `${P2}ctorch._utils\n_rebuild_tensor_v2\n)R.`,
    /has no storage/,
  ],
  "creates a parameter from nothing": [
    `${P2}ctorch._utils\n_rebuild_parameter\n)R.`,
    /other than a tensor/,
  ],
  "describes something other than a storage": [`${P2}K\x01Q.`, /describes a storage in a way/],
  "holds no tensor": [
    `${P2}}X\x05\x00\x00\x00epochK\x01s.`,
    /the checkpoint has no tensors; its keys are "epoch"/,
  ],
  "is a number": [`${P2}K\x01.`, /not a dictionary of tensors/],
  "is a dictionary that is its own model": [
    `${P2}}q\x00X\x05\x00\x00\x00modelh\x00s.`,
    /no tensor/,
  ],
  "is a list that contains itself": [`${P2}]q\x00h\x00a.`, /not a dictionary of tensors/],
  "is nested 400,000 times": [P2 + ")" + "\x85".repeat(4e5) + ".", /not a dictionary of tensors/],
  "is lists in lists that never end": [
    P2 + "(]".repeat(200_000),
    /unexpected end of file|ends inside/,
  ],
  "doubles a tuple 10,000 times": [
    `${P2})` + "q\x00h\x00\x86".repeat(10_000) + ".",
    /not a dictionary of tensors/,
  ],
  "has 3 million instructions": [P2 + "N".repeat(3e6), /longer than any state dict's/],
};

/** Tensors that cannot exist. */
const impossible: Record<string, readonly [pickle: Uint8Array, says: RegExp]> = {
  "a tensor longer than its storage": [
    pickleOf({ a: { shape: [5] } }),
    /extends beyond its storage/,
  ],
  "a tensor past the end of its storage": [
    pickleOf({ a: { offset: 4, shape: [1] } }),
    /extends beyond/,
  ],
  "a tensor at a negative offset": [pickleOf({ a: { offset: -1 } }), /has no storage/],
  "a negative side": [pickleOf({ a: { shape: [-4] } }), /has no shape/],
  "a negative stride": [pickleOf({ a: { offset: 3, strides: [-1] } }), /has no shape/],
  "strides that go beyond the storage": [
    pickleOf({ a: { shape: [2, 2], strides: [3, 1] } }),
    /extends beyond/,
  ],
  "fewer strides than sides": [pickleOf({ a: { shape: [2, 2] } }), /has no shape/],
  "one number repeated a billion times": [
    pickleOf({ a: { shape: [1e9], strides: [0] } }),
    /more numbers than its storage \(4\); save it with .contiguous\(\)/,
  ],
  "sizes of 2^53 and of 0": [
    pickleOf({ a: { shape: Array(40).fill(2 ** 53 - 1).concat(0), strides: Array(41).fill(1) } }),
    /extends beyond its storage/,
  ],
  "65 axes": [
    pickleOf({ a: { shape: Array(65).fill(1), strides: Array(65).fill(1) } }),
    /has no shape/,
  ],
  "a storage of -1 numbers": [pickleOf({ a: { length: -1, shape: [0] } }), /describes a storage/],
  "complex numbers": [
    pickleOf({ a: { storage: "ComplexFloatStorage" } }),
    never("torch.ComplexFloatStorage"),
  ],
  "a storage with two types": [
    pickleOf({ a: {}, b: { storage: "HalfStorage" } }),
    /storage "0" is described in two ways/,
  ],
};

const four = new Uint8Array(16);
for (const [what, [pickle, says]] of Object.entries({ ...hostile, ...impossible })) {
  Deno.test(`readCheckpoint() refuses a pickle that ${what in impossible ? "has " : ""}${what}`, async () => {
    using folder = temporaryFolder();
    const bytes = typeof pickle === "string" ? bytesFrom(pickle) : pickle;
    const files = {
      "zip.pt": zipOf(bytes, { "data/0": four }),
      "stream.pt": streamOf(bytes, { 0: { count: 4, bytes: four } }),
    };
    for (const [name, content] of Object.entries(files)) {
      const path = `${folder.path}/${name}`;
      await Deno.writeFile(path, content);
      await assert.rejects(readCheckpoint(path), (error) => {
        assert.ok(error instanceof Complaint, String(error));
        assert.equal(error.options.place?.file, path);
        // A stream goes on after its pickle, and has storages that these pickles do not name.
        if (name === "zip.pt" || !/^it |its pickle|a line/.test(error.what)) {
          assert.match(error.what, says);
        }
        return true;
      });
    }
  });
}

Deno.test("readCheckpoint() reads sizes given as torch.Size, long integers, and unused attributes", async () => {
  using folder = temporaryFolder();
  const size = "ctorch\nSize\n\x8a\x08\x04\x00\x00\x00\x00\x00\x00\x00\x85\x85R";
  const tensor =
    "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" +
    `X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00${size}K\x01\x85\x89}tR`;
  const pickle = `${P2}ccollections\nOrderedDict\n)RX\x01\x00\x00\x00a${tensor}s}b.`;
  const path = `${folder.path}/a.pt`;
  const numbers = Float32Array.of(1, 2, 3, 4);
  await Deno.writeFile(
    path,
    zipOf(bytesFrom(pickle), { "data/0": new Uint8Array(numbers.buffer) }),
  );
  assert.deepEqual(await readCheckpoint(path), { a: { shape: [4], values: numbers } });
});
