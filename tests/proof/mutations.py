"""Break one thing in the product, in this process and for a while, to see whether anything notices."""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one function. ``old`` stands exactly once in it, written as Python writes it by itself."""

    name: str
    function: Callable[..., Any]
    old: str
    new: str
    tests: str | None = None
    """Folder or file of the tests that must notice. ``None``: the seeded shows."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While the function does the wrong thing, for whoever holds it."""
        function = self.function
        assert isinstance(function, FunctionType)
        before = function.__code__
        function.__code__ = self._compiled(function)
        try:
            yield
        finally:
            function.__code__ = before

    def _compiled(self, function: FunctionType) -> CodeType:
        # Whatever formats the source, and whatever it is commented with, this text stays the same.
        text = ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(function))))
        assert text.count(self.old) == 1, f"{function.__qualname__} has changed: {self.name}"
        text = text.replace(self.old, self.new)
        flags = __future__.annotations.compiler_flag
        module = compile(text, function.__code__.co_filename, "exec", flags, dont_inherit=True)
        made: dict[str, FunctionType] = {}
        exec(module, function.__globals__, made)
        return made[function.__name__].__code__
