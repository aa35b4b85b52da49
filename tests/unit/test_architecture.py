"""Structure of both packages: no circles, small folders, and no private metaphors in file names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import grimp
import networkx
import pytest

PACKAGES = ("napari_abdiffuser", "abdiffuser_training")
LARGEST_FOLDER = 16


@pytest.fixture(scope="module")
def imports():
    """Every import as an edge: at run time, inside functions and under TYPE_CHECKING."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    edges = networkx.DiGraph()
    edges.add_nodes_from(graph.modules)
    for module in graph.modules:
        edges.add_edges_from(
            (module, other) for other in graph.find_modules_directly_imported_by(module)
        )
    return edges


def circles(edges):
    return [sorted(ring) for ring in networkx.strongly_connected_components(edges) if len(ring) > 1]


def test_no_module_is_in_a_circle(imports):
    assert circles(imports) == []


def test_a_planted_circle_is_found(imports):
    planted = imports.copy()
    planted.add_edge("napari_abdiffuser.errors", "napari_abdiffuser.imaging.colors")
    found = circles(planted)
    assert len(found) == 1
    assert "napari_abdiffuser.errors" in found[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_has_more_modules_than_a_reader_can_scan(package):
    root = Path(__import__(package).__file__).parent
    count = Counter(file.parent for file in root.rglob("*.py") if file.name != "__init__.py")
    assert count, package
    largest, modules = count.most_common(1)[0]
    assert modules <= LARGEST_FOLDER, f"{largest} has {modules} modules: give it rooms"


def test_unit_tests_mirror_the_sources():
    tests = Path(__file__).parent
    source = Path(__import__(PACKAGES[0]).__file__).parent
    strays = [
        str(file.relative_to(tests))
        for file in tests.rglob("test_*.py")
        if file.parent != tests
        and not (source / file.parent.relative_to(tests) / f"{file.stem[5:]}.py").is_file()
    ]
    assert strays == [], "tests/unit/<room>/test_<module>.py tests <room>/<module>.py"


def test_the_architecture_page_names_what_exists():
    tests = Path(__file__).parent
    page = (tests.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    source = Path(__import__(PACKAGES[0]).__file__).parent
    named = re.findall(r"`((?:\w+/)*\w+\.py):(\w+)`", page)
    assert len(named) > 30
    gone = [
        f"{file}:{name}"
        for file, name in named
        if not (source / file).is_file()
        or not re.search(rf"\b(def|class) {name}\b|^{name}\b", (source / file).read_text(), re.M)
    ]
    assert gone == [], "docs/architecture.md: say where these are now"
