"""The contract that keeps a heavy library in its home notices a stray import."""

import pytest
from grimp import ImportGraph

from tests.checks.one_home import OneHomeContract


@pytest.mark.parametrize(
    ("importer", "is_kept"),
    [("fleet.store_sql", True), ("incidents.store_sql", True), ("fleet.store", False), ("fleet.registry", False)],
)
def test_a_library_is_imported_in_its_home_only(importer: str, is_kept: bool) -> None:
    graph = ImportGraph()
    graph.add_module("sqlalchemy", is_squashed=True)
    graph.add_import(importer=importer, imported="sqlalchemy")
    contract = OneHomeContract(
        name="homes", session_options={}, contract_options={"homes": ["sqlalchemy: *.store_sql core.database"]}
    )
    assert contract.check(graph, verbose=False).kept is is_kept
