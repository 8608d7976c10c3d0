"""Runs dumped programs under JAX's XLA on the device that JAX finds, beside the same model in PyTorch.

    python run_programs.py [--sizes A,B] [--pairs A,B] [--tasks A,B] [--precision A,B] [--seconds S] [--json]
                           [--torch PYTHON] [--save FOLDER]

Prints a row for each route: median and fastest step, TFLOP/s of the matrix products, their share of what
products alone reach here (measured first), and of the data sheet's bfloat16 peak if the device is known.
A step's time includes reading its loss, as in PyTorch. float32 is float32: TF32 is off for both.
`--save` writes each program's first outputs as .npz; `--torch` names a Python with PyTorch, which is left
out where there is none. Needs JAX 0.6 or later (0.6.2 to 0.10.2 were tried); what it reads lies beside it.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
import jax
import numpy as np
from jax._src.lib import xla_client

HERE = pathlib.Path(__file__).resolve().parent
DATA_SHEETS = {"B200": 2250e12, "H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12}
ROUTES = {"torch": ["eager", "tuned"], "torch-compile": ["compile", "tuned"]}
DEVICE = jax.devices()[0]
if not hasattr(DEVICE.client, "compile_and_load"):
    raise SystemExit(f"the programs need JAX 0.6 or later; this is {jax.__version__}")


def program(description):
    """A compiled program, as a function from inputs by path to outputs by path."""
    computation = xla_client.XlaComputation((HERE / description["file"]).read_bytes())
    text = xla_client._xla.mlir.xla_computation_to_mlir_module(computation)
    loaded = DEVICE.client.compile_and_load(text, [DEVICE], xla_client.CompileOptions())
    inputs = [path for path, _ in description["inputs"]]
    outputs = [path for path, _ in description["outputs"]]

    def run(values):
        made = loaded.execute_sharded([values[path] for path in inputs])
        arrays = [each[0] for each in made.disassemble_into_single_device_arrays()]
        return dict(zip(outputs, arrays, strict=True))

    return run


def mix(x):
    """lowbias32, as in pytorch_worker.py."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def spread_numbers(shape, seed):
    bits = mix(np.arange(np.prod(shape), dtype=np.uint32) ^ mix(np.array([seed], np.uint32)))
    numbers = ((bits >> np.uint32(8)).astype(np.float64) - 2**23) * (2 * 3**0.5 * 2**-24)
    return numbers.astype(np.float32).reshape(shape)


def start_values(parameter, place):
    if parameter["start"] == "normal":
        return (0.02 * spread_numbers(parameter["shape"], place).astype(np.float64)).astype(np.float32)
    return np.full(parameter["shape"], 1 if parameter["start"] == "one" else 0, np.float32)


def first_inputs(job):
    """Weights and a batch, the same numbers as on the other routes."""
    pairs, words, hidden = job["pairs"], job["words"], job["hidden"]
    regions = job["positions"] - words
    inputs = {f"weights.{p['name']}": start_values(p, i) for i, p in enumerate(job["parameters"])}
    inputs["batch.textEmbedding"] = spread_numbers([pairs, words, hidden], 1_000_001)
    inputs["batch.wordMask"] = np.ones([pairs, words], np.float32)
    inputs["batch.imageEmbedding"] = spread_numbers([pairs, regions, hidden], 1_000_002)
    inputs["batch.regionMask"] = np.ones([pairs, regions], np.float32)
    return {path: jax.device_put(values, DEVICE) for path, values in inputs.items()}


def trainer(job, programs, save):
    gradients, update = program(programs["gradients"]), program(programs["update"])
    inputs, updates = first_inputs(job), 0
    weights = [path for path in inputs if path.startswith("weights.")]
    state = {f"state.{path}": inputs[path] for path in weights}
    for moment in ("first", "second"):
        zeros = {path: jax.device_put(np.zeros(inputs[path].shape, np.float32), DEVICE) for path in weights}
        state |= {f"state.{moment}.{path.removeprefix('weights.')}": zeros[path] for path in weights}

    def step():
        nonlocal inputs, state, updates
        updates += 1
        corrections = (1 - job["beta2"] ** updates) ** 0.5 / (1 - job["beta1"] ** updates)
        rates = {"learningRate": job["learningRate"], "stepSize": job["learningRate"] * corrections}
        scalars = {f"scalars.{name}": jax.device_put(np.float32(x), DEVICE) for name, x in rates.items()}
        made = gradients(inputs)
        updated = update(state | made | scalars)
        if updates == 1:
            save("gradients", made)
            save("update", updated)
        state = {path: x for path, x in updated.items() if path.startswith("state.")}
        inputs |= {path: state[f"state.{path}"] for path in weights}
        loss = float(made["loss"])
        jax.block_until_ready(state)
        return loss

    return step


def scorer(job, programs, save):
    scores, inputs = program(programs["scores"]), first_inputs(job)
    save("scores", scores(inputs))
    return lambda: float(np.asarray(scores(inputs)[""], np.float64).sum())


def timed(step, seconds):
    """Seconds of each step."""
    times = []
    while sum(times) < seconds or len(times) < 3:
        begun = time.perf_counter()
        step()
        times.append(time.perf_counter() - begun)
    return times


def jax_route(work, options):
    def save(name, made):
        if options.save:
            place = options.save / (work["programs"][name]["file"] + ".npz")
            np.savez(place, **{path or "scores": np.asarray(x) for path, x in made.items()})

    task = trainer if work["job"]["task"] == "training" else scorer
    step = task(work["job"], work["programs"], save)
    check = [step() for _ in range(3)]
    return check, timed(step, options.seconds)


def torch_route(work, options, arguments):
    """The bench's own worker, which answers each line with a line."""
    job = work["job"] | {"device": "cpu" if DEVICE.platform == "cpu" else "cuda"}
    job["threads"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    command = [options.torch, str(HERE / "pytorch_worker.py"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        def ask(line):
            print(line, file=worker.stdin, flush=True)
            answer = worker.stdout.readline()
            if answer == "":
                raise SystemExit("PyTorch's worker ended early; its error stands above")
            return json.loads(answer)

        check = ask(json.dumps(job))["check"]
        once = ask(1)["seconds"][0]
        return check, ask(max(3, round(options.seconds / once)))["seconds"]


def product_peak(precision):
    """Operations per second of the fastest of some matrix products."""
    side = 1024 if DEVICE.platform == "cpu" else 8192
    factors = [jax.device_put(spread_numbers([side, side], i), DEVICE).astype(precision) for i in (1, 2)]
    product = jax.jit(lambda a, b: jax.lax.dot(a, b, precision="highest" if precision == "float32" else None))
    product(*factors).block_until_ready()
    return 2 * side**3 / min(timed(lambda: product(*factors).block_until_ready(), 1))


def main():
    parser = argparse.ArgumentParser()
    for name in ("sizes", "pairs", "tasks", "precision"):
        parser.add_argument(f"--{name}", type=lambda text: text.split(","))
    parser.add_argument("--torch", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", type=pathlib.Path)
    options = parser.parse_args()
    if options.save:
        options.save.mkdir(parents=True, exist_ok=True)
    of = lambda wanted, value: wanted is None or str(value) in wanted
    works = [
        work for work in json.loads((HERE / "programs.json").read_text())
        if of(options.sizes, work["size"]) and of(options.pairs, work["job"]["pairs"])
        and of(options.tasks, work["job"]["task"]) and of(options.precision, work["job"]["precision"])
    ]
    say = (lambda *_: None) if options.json else print
    peak = {precision: product_peak(precision) for precision in ("float32", "bfloat16")}
    sheet = next((x for name, x in DATA_SHEETS.items() if name in DEVICE.device_kind), None)
    say(f"{DEVICE.device_kind}, JAX {jax.__version__}; products alone reach " + ", ".join(
        f"{precision} {x / 1e12:.3g} TFLOP/s" for precision, x in peak.items()))
    torch = shutil.which(options.torch) is not None and subprocess.run(
        [options.torch, "-c", "import torch"], capture_output=True).returncode == 0
    if not torch:
        print(f"PyTorch is left out: {options.torch} cannot import torch", file=sys.stderr)
    rows, wrong = [], False
    # PyTorch first: JAX keeps the memory that it has used.
    measured = {
        (i, route): torch_route(work, options, arguments)
        for i, work in enumerate(works) for route, arguments in ROUTES.items() if torch
    }
    for i, work in enumerate(works):
        job, precision = work["job"], work["job"]["precision"]
        say(f"\n{job['task']}, {work['size']}, {job['pairs']} pairs x {job['positions']} tokens, {precision}")
        measured[i, "ours"] = jax_route(work, options)
        check = measured[i, "ours"][0]
        for route in ["ours", *ROUTES] if torch else ["ours"]:
            losses, seconds = measured[i, route]
            median, rate = statistics.median(seconds), work["operations"] / statistics.median(seconds)
            apart = max(abs(x - y) / abs(y) for x, y in zip(losses, check, strict=True))
            wrong |= not apart < (1e-3 if precision == "float32" else 0.1)
            rows.append({"size": work["size"], "pairs": job["pairs"], "task": job["task"], "precision": precision,
                         "route": route, "median": median, "fastest": min(seconds), "check": losses})
            say(f"  {route:14}{1e3 * median:9.2f} ms, fastest {1e3 * min(seconds):9.2f} ms, {rate / 1e12:7.3g} TFLOP/s, "
                f"{100 * rate / peak[precision]:3.0f} % of products alone"
                + (f", {100 * rate / sheet:3.0f} % of the data sheet" if sheet and precision == "bfloat16" else "")
                + f"; results {apart:.1e} apart")
    if options.json:
        print(json.dumps({"device": DEVICE.device_kind, "peak": peak, "rows": rows}, indent=2))
    if wrong:
        raise SystemExit("PyTorch's results differ by more than the precision explains")


main()
