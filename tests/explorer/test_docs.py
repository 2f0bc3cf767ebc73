"""Every public name says what it is."""

import ast
import importlib
import inspect
import pkgutil

import pytest

import engine
import explorer


def modules():
    for package in (engine, explorer):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield found.name


MODULES = list(modules())


def _is_setter(node):
    """Whether it sets a property, whose words stand where it is read."""
    return any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in node.decorator_list)


def public(tree, prefix=""):
    """Walk over the public classes and functions of a module and their public methods."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_") or _is_setter(node):
            continue
        yield f"{prefix}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from public(node, f"{prefix}{node.name}.")


def test_all_modules_are_found():
    assert {"engine.neurons.lif", "explorer.labs.neuron", "explorer.views.raster"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_its_classes_and_functions_have_docstrings(name):
    module = importlib.import_module(name)
    tree = ast.parse(inspect.getsource(module))
    if not name.endswith("__about__"):
        assert ast.get_docstring(tree), name
    overrides = {"update"}  # says "see View.update" or is documented by its parent
    for qualified, node in public(tree):
        doc = ast.get_docstring(node)
        if doc is None and qualified.rpartition(".")[2] in overrides:
            continue
        if doc is None and _inherits_its_words(module, qualified):
            continue
        assert doc, f"{name}.{qualified} has no docstring"
        assert doc.splitlines()[0].rstrip().endswith((".", "?", ":")), f"{name}.{qualified}"


def _inherits_its_words(module, qualified):
    found = module
    for part in qualified.split("."):
        found = inspect.getattr_static(found, part)
    owner, _, method = qualified.rpartition(".")
    if not owner:
        return False
    cls = module
    for part in owner.split("."):
        cls = getattr(cls, part)
    parents = [vars(parent).get(method) for parent in cls.__mro__[1:]]
    return any(getattr(p, "__doc__", None) for p in parents)


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_is_there(name):
    module = importlib.import_module(name)
    offers = getattr(module, "__all__", [])
    assert len(offers) == len(set(offers))
    for offered in offers:
        assert hasattr(module, offered), f"{name}.{offered}"
