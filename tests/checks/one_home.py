"""The import-linter contract that gives every heavy library one home."""

from fnmatch import fnmatchcase

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OneHomeContract(Contract):
    """Holds when each listed library is imported directly only by modules that match its home.

    ``homes`` lists lines of ``library: pattern pattern ...``, patterns as of ``fnmatch``.
    """

    homes = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every direct import of a listed library from outside its home."""
        strays = [
            f"{importer} imports {library}; its home is {patterns}"
            for library, patterns in map(_split_home, self.homes)  # type: ignore[call-overload]
            if library in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(library))
            if not any(fnmatchcase(importer, pattern) for pattern in patterns.split())
        ]
        return ContractCheck(kept=not strays, metadata={"strays": strays})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per stray import."""
        for stray in check.metadata["strays"]:
            output.print_error(stray)


def _split_home(line: str) -> tuple[str, str]:
    library, _, patterns = line.partition(":")
    return library.strip(), patterns.strip()
