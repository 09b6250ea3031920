"""Reads pickles without running them: an interpreter of the opcodes in which every class and function is only a name.

Nothing is imported and nothing is called but the few builders that the caller hands over by name (an ordered dictionary, a tensor's view …); all else
becomes an inert `Made`. Opcodes as in Python's own `pickletools`, whose parser splits the stream.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bloom_core.trajectories.run_files import RunError

MAX_PICKLE_BYTES = 64 << 20
MAX_OPCODES = 4_000_000
_MAX_KEY = 1 << 60

Builder = Callable[..., Any]


@dataclass(frozen=True)
class Global:
    """A class or function that the pickle names. It is never looked up."""

    module: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What a pickle would have made by calling `maker` with `arguments`.

    `state` is what it would have set, `items` and `members` what it would have added.
    """

    maker: Any
    arguments: tuple[Any, ...]
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)


def load(data: bytes, place: str, builders: Mapping[str, Builder], persistent: Builder) -> Any:
    """Returns what the pickle `data` describes, as plain Python values and `Made`.

    `builders`: by dotted path, called with the pickle's positional arguments; they may raise ValueError. `persistent` is given each persistent id.
    Dictionary keys that are not text or small integers are left out, with their values: hashing hostile keys can take for ever. Raises RunError.
    """
    if len(data) > MAX_PICKLE_BYTES:
        raise RunError(f"{place}: a pickle of {len(data)} bytes; a checkpoint's has less than {MAX_PICKLE_BYTES}. The file is damaged or hostile.")
    machine = _Machine(STANDARD | dict(builders), persistent)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count >= MAX_OPCODES:
                raise ValueError(f"more than {MAX_OPCODES} operations")
            machine.step(opcode.name, argument)
        return machine.result
    except RunError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        what = str(error)[:200] if isinstance(error, ValueError) else type(error).__name__
        raise RunError(f"{place}: not a sound pickle ({what}). The file is cut off or damaged; copy it again.") from error


class _Machine:
    """The stack machine that a pickle is a program for."""

    def __init__(self, builders: Mapping[str, Builder], persistent: Builder) -> None:
        self.builders = builders
        self.persistent = persistent
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.result: Any = None

    def step(self, name: str, argument: Any) -> None:
        """Performs one operation. Raises ValueError and its like on a program that makes no sense."""
        if name in _PUSHED:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        else:
            operation = _OPERATIONS.get(name)
            if operation is None:
                raise ValueError(f"operation {name}")
            operation(self, argument)

    def call(self, maker: Any, arguments: Any) -> Any:
        if not isinstance(arguments, tuple):
            arguments = (arguments,)
        builder = self.builders.get(maker.path) if isinstance(maker, Global) else None
        return builder(*arguments) if builder is not None else Made(maker, arguments)

    def above_mark(self) -> list[Any]:
        above, self.stack = self.stack, self.marks.pop()
        return above

    def mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def stop(self, _: Any) -> None:
        self.result = self.stack.pop()

    def pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.above_mark()

    def pop_mark(self, _: Any) -> None:
        self.above_mark()

    def duplicate(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        if len(items) != count:
            raise ValueError("stack underflow")
        self.stack[-count:] = [items]

    def tuple_above(self, _: Any) -> None:
        items = tuple(self.above_mark())  # before the stack is looked at: this brings back the one below the mark
        self.stack.append(items)

    def list_above(self, _: Any) -> None:
        items = self.above_mark()
        self.stack.append(items)

    def dict_above(self, _: Any) -> None:
        items = self.above_mark()
        self.stack.append({})
        self._set_items(items)

    def append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def appends(self, _: Any) -> None:
        self._extend(self.above_mark())

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set_items([key, value])

    def set_items(self, _: Any) -> None:
        self._set_items(self.above_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Made):
            target.members.extend(items)
        elif isinstance(target, list):
            target.extend(items)
        else:
            raise ValueError(f"items for a {type(target).__name__}")

    def _set_items(self, items: list[Any]) -> None:
        if len(items) % 2:
            raise ValueError("a key without a value")
        target = self.stack[-1]
        into = target.items if isinstance(target, Made) else target
        if not isinstance(into, dict):
            raise ValueError(f"items for a {type(target).__name__}")
        into.update((key, value) for key, value in zip(items[::2], items[1::2], strict=True) if _plain(key))

    def global_named(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(Global(module, name))

    def global_of_stack(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ValueError("a global without a name")
        self.stack.append(Global(module, name))

    def extension(self, code: int) -> None:
        self.stack.append(Global("copyreg extension", str(code)))

    def reduce(self, _: Any) -> None:
        arguments, maker = self.stack.pop(), self.stack.pop()
        self.stack.append(self.call(maker, arguments))

    def new_object_with_keywords(self, _: Any) -> None:
        _, arguments, maker = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.stack.append(Made(maker, arguments if isinstance(arguments, tuple) else ()))

    def instance(self, argument: str) -> None:
        arguments = tuple(self.above_mark())
        self.global_named(argument)
        self.stack.append(self.call(self.stack.pop(), arguments))

    def object_above(self, _: Any) -> None:
        maker, *arguments = self.above_mark()
        self.stack.append(self.call(maker, tuple(arguments)))

    def build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Made):
            target.state = state

    def persistent_of_stack(self, _: Any) -> None:
        self.stack.append(self.persistent(self.stack.pop()))

    def persistent_named(self, argument: str) -> None:
        self.stack.append(self.persistent(argument))

    def nothing(self, _: Any) -> None:
        pass


def _plain(key: Any) -> bool:
    return isinstance(key, str) or key is None or (isinstance(key, int) and abs(key) < _MAX_KEY)


_PUSHED = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
    "BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
_CONSTANTS: dict[str, Builder] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": list,
}
_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "STOP": _Machine.stop,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "TUPLE": _Machine.tuple_above,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "LIST": _Machine.list_above,
    "FROZENSET": _Machine.list_above,
    "DICT": _Machine.dict_above,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "ADDITEMS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.global_named,
    "STACK_GLOBAL": _Machine.global_of_stack,
    "EXT1": _Machine.extension,
    "EXT2": _Machine.extension,
    "EXT4": _Machine.extension,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.new_object_with_keywords,
    "INST": _Machine.instance,
    "OBJ": _Machine.object_above,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent_of_stack,
    "PERSID": _Machine.persistent_named,
    "PROTO": _Machine.nothing,
    "FRAME": _Machine.nothing,
}


def _dictionary(*arguments: Any) -> dict[Any, Any]:
    """Makes the dictionary that OrderedDict(pairs) or Counter(mapping) would be."""
    given = arguments[0] if arguments else ()
    pairs = given.items() if isinstance(given, dict) else given
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and _plain(pair[0])}


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    """Makes the bytes that protocol 2 writes as text."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("bytes in an unknown encoding")
    return text.encode("latin-1")


_SCALARS = frozenset(("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"))


def _numpy_scalar(kind: Any, data: Any) -> Any:
    """Makes the Python number that a pickled NumPy scalar is."""
    code = kind.arguments[0] if isinstance(kind, Made) and kind.arguments else None
    if code not in _SCALARS or not isinstance(data, bytes):
        return None
    order = kind.state[1] if isinstance(kind.state, tuple) and len(kind.state) > 1 and kind.state[1] in ("<", ">") else "<"
    values = np.frombuffer(data, np.dtype(order + code))
    return values[0].item() if len(values) == 1 else None


STANDARD: dict[str, Builder] = {
    "collections.OrderedDict": _dictionary,
    "collections.Counter": _dictionary,
    "collections.defaultdict": lambda *_: {},
    "_codecs.encode": _encoded,
    "torch.Size": lambda sides=(): sides,
    "numpy.core.multiarray.scalar": _numpy_scalar,
    "numpy._core.multiarray.scalar": _numpy_scalar,
}
"""Builders of plain values that every checkpoint may hold."""
