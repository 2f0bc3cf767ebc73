"""Connectivity: who connects to whom, by the law that each kind declares."""

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io, sparse

from engine import ParameterError
from engine.connectivity import (
    AllToAll,
    Chain,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FromMatrix,
    Graph,
    OneToOne,
    Ring,
    catalogue,
    read_matrix,
)

EACH = pytest.mark.parametrize("kind", catalogue().values(), ids=catalogue())
SIGMAS = 5.0


def deviation(observed, mean, variance):
    """Distance of an observation from its mean, in standard deviations."""
    return abs(observed - mean) / np.sqrt(variance)


@EACH
def test_the_same_seed_gives_the_same_connections_and_each_is_in_range(kind):
    first, again = (kind().draw(60, 60, 3) for _ in range(2))
    assert first.targets.dtype == np.int32
    np.testing.assert_array_equal(first.targets, again.targets)
    np.testing.assert_array_equal(first.starts, again.starts)
    assert (first.n_pre, first.n_post) == (60, 60)
    assert first.targets.min() >= 0
    assert first.targets.max() < 60
    for source in range(60):
        row = first.targets[first.starts[source] : first.starts[source + 1]]
        assert (np.diff(row) > 0).all()  # in order, none twice
    expected = kind().expected(60, 60)
    assert abs(len(first.targets) - expected) <= SIGMAS * np.sqrt(expected)
    mean, variance = kind().out_degree(60, 60)
    longest = first.out_degrees.max()
    assert longest <= mean + SIGMAS * np.sqrt(variance)
    assert (variance == 0) == bool(kind.regular)


@EACH
def test_another_seed_gives_other_connections_where_they_are_random(kind):
    a, b = (kind().draw(60, 60, seed).dense() for seed in (1, 2))
    is_random = kind not in (AllToAll, Chain, OneToOne, Ring)
    assert (a != b).any() == is_random


@pytest.mark.parametrize("cls", [AllToAll, FixedProbability, FixedInDegree, FixedOutDegree])
@pytest.mark.parametrize("numbers", ["few", "many"])
def test_a_neuron_is_its_own_target_only_where_that_is_asked_for(cls, numbers):
    size = {"few": 0.3, "many": 1.0}[numbers]
    given = {"p": size} if cls is FixedProbability else {"degree": round(size * 39)}
    given = {} if cls is AllToAll else given
    assert not np.diag(cls(**given).draw(40, 40, 1, recurrent=True).dense()).any()
    assert np.diag(cls(**given, autapses="yes").draw(40, 40, 1, recurrent=True).dense()).any()
    assert np.diag(cls(**given).draw(40, 40, 1).dense()).any()  # two populations


@settings(max_examples=60, deadline=None)
@given(
    n_pre=st.integers(1, 30),
    n_post=st.integers(1, 30),
    share=st.floats(0, 1),
    recurrent=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_degrees_are_what_was_asked_for(n_pre, n_post, share, recurrent, seed):
    n_pre = n_post if recurrent else n_pre
    out = FixedOutDegree(degree=int(share * (n_post - recurrent)))
    graph = out.draw(n_pre, n_post, seed, recurrent=recurrent)
    assert (graph.out_degrees == out.degree).all()
    assert graph.dense().max(initial=0) <= 1
    into = FixedInDegree(degree=int(share * (n_pre - recurrent)))
    graph = into.draw(n_pre, n_post, seed, recurrent=recurrent)
    assert (graph.in_degrees == into.degree).all()
    assert graph.dense().max(initial=0) <= 1


@pytest.mark.parametrize("p", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("recurrent", [True, False])
def test_the_number_and_the_places_of_random_connections_follow_the_probability(p, recurrent):
    n = 400
    dense = FixedProbability(p=p).draw(n, n, 11, recurrent=recurrent).dense()
    pairs = n * (n - 1) if recurrent else n * n
    if p in (0.0, 1.0):
        assert dense.sum() == p * pairs
        return
    assert deviation(dense.sum(), p * pairs, p * (1 - p) * pairs) < SIGMAS
    for half in (np.s_[: n // 2], np.s_[:, : n // 2], np.s_[::2], np.s_[:, ::2]):
        assert deviation(dense[half].sum(), p * pairs / 2, p * (1 - p) * pairs / 2) < SIGMAS
    trials = pairs / n
    for axis in (0, 1):  # both degrees are binomial, in their spread as well
        spread = dense.sum(axis).var()
        expected = trials * p * (1 - p)
        assert deviation(spread, expected, 2 * expected**2 / n) < SIGMAS


@pytest.mark.parametrize("degree", [1, 10, 60, 99])
def test_every_partner_is_as_likely_as_any_other(degree):
    counts = FixedOutDegree(degree=degree).draw(3000, 100, 5).in_degrees
    share = degree / 100
    worst = np.abs(counts - 3000 * share).max()
    assert worst / np.sqrt(3000 * share * (1 - share)) < SIGMAS


@pytest.mark.parametrize("layout", ["ring", "sheet"])
def test_connections_fall_off_with_distance_as_declared(layout):
    kind = DistanceDependent(p_max=0.8, width=0.1, layout=layout)
    n = 400
    away = np.abs(kind.positions(n)[:, None] - kind.positions(n))
    distance = np.sqrt((np.minimum(away, 1 - away) ** 2).sum(-1))
    p = 0.8 * np.exp(-((distance / 0.1) ** 2) / 2)
    dense = kind.draw(n, n, 2).dense()
    for low in np.arange(0.0, 0.3, 0.05):
        here = (distance >= low) & (distance < low + 0.05)
        variance = (p * (1 - p))[here].sum()
        assert deviation(dense[here].sum(), p[here].sum(), variance) < SIGMAS
    assert not np.diag(kind.draw(n, n, 2, recurrent=True).dense()).any()


def test_regular_kinds():
    np.testing.assert_array_equal(OneToOne().draw(4, 4).dense(), np.eye(4))
    assert (AllToAll().draw(3, 5).dense() == 1).all()
    ring = Ring(neighbours=1).draw(5, 5).dense()
    np.testing.assert_array_equal(ring[0], [0, 1, 0, 0, 1])
    assert (ring.sum(0) == 2).all()


MATRIX = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, -0.5]])


def weighted(graph):
    """Return the dense matrix of the factors of a graph."""
    found = np.zeros((graph.n_pre, graph.n_post))
    found[graph.sources, graph.targets] = 1.0 if graph.factors is None else graph.factors
    return found


def test_a_matrix_is_taken_as_it_is():
    for given_as in (MATRIX, sparse.csr_array(MATRIX), sparse.coo_array(MATRIX), MATRIX.tolist()):
        graph = FromMatrix(given_as).draw(2, 3)
        np.testing.assert_array_equal(graph.dense(), MATRIX != 0)
        np.testing.assert_array_equal(weighted(graph), MATRIX)
    assert FromMatrix(MATRIX != 0).draw(2, 3).factors is None  # all of the same weight
    assert FromMatrix((MATRIX != 0).astype(int)).expected(2, 3) == 3
    assert Graph.of(sparse.csr_array((2, 3))).dense().sum() == 0
    assert FromMatrix(np.zeros((2, 3))).n_connections == 0


def test_a_matrix_is_equal_to_another_of_the_same_content():
    a, b = FromMatrix(MATRIX), FromMatrix(sparse.coo_array(MATRIX))
    assert a == b
    assert hash(a) == hash(b)
    assert a != FromMatrix(MATRIX * 2)
    assert a != FromMatrix(MATRIX.T)
    assert FromMatrix(np.zeros((2, 3))) != FromMatrix(np.zeros((3, 2)))
    given = MATRIX.copy()
    kept = FromMatrix(given)
    given[:] = 7.0
    assert kept == a
    with pytest.raises(ValueError, match="read-only"):
        kept.graph.targets[0] = 2


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 1000),
    equal=st.booleans(),
)
def test_a_matrix_can_be_written_and_read(shape, seed, equal):
    rng = np.random.default_rng(seed)
    matrix = (rng.random(shape) < 0.3) * (1.0 if equal else rng.normal(size=shape))
    given = FromMatrix(matrix)
    again = FromMatrix.read(json.loads(json.dumps(given.written("EE.connectivity"))))
    assert again == given
    np.testing.assert_array_equal(weighted(again.graph), matrix)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2]},
        {"shape": [0, 3]},
        {"shape": [2, 10**9]},
        {"shape": [3, 3]},
        {"targets": "AAAA"},
        {"targets": "no base64!"},
        {"degrees": 3},
        {"shape": [2, 1]},  # targets that do not exist
    ],
)
def test_what_is_no_written_matrix_is_refused(change):
    content = FromMatrix(MATRIX).written("EE.connectivity") | change
    with pytest.raises(ParameterError, match="not a matrix of an experiment file"):
        FromMatrix.read(content)


def test_a_matrix_read_from_a_text_never_takes_more_memory_than_it_says():
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    content = FromMatrix(MATRIX).written("EE.connectivity") | {"degrees": bomb}
    with pytest.raises(ParameterError, match="more numbers than it says"):
        FromMatrix.read(content)


def test_a_matrix_too_large_for_a_file_says_what_to_do():
    large = FromMatrix(np.ones((400, 400)))
    with pytest.raises(ParameterError, match=r"160,000 connections.*read_matrix"):
        large.written("EE.connectivity")


def files(folder):
    """Write the same matrix in every form that can be read."""
    np.savetxt(folder / "a.csv", MATRIX, delimiter=",")
    np.savetxt(folder / "b.txt", MATRIX)
    (folder / "c.csv").write_text("source,target,weight\n0,1,2\n1,0,1\n1,2,-0.5\n")
    np.save(folder / "d.npy", MATRIX)
    np.savez(folder / "e.npz", MATRIX)
    sparse.save_npz(folder / "f.npz", sparse.csr_array(MATRIX))
    io.mmwrite(folder / "g.mtx", sparse.coo_array(MATRIX))
    return sorted(folder.iterdir())


def test_every_kind_of_file_gives_the_same_matrix(tmp_path):
    found = {path.name: read_matrix(path) for path in files(tmp_path)}
    assert len(found) == 7
    assert set(found.values()) == {FromMatrix(MATRIX)}
    assert read_matrix(tmp_path / "c.csv", shape=(4, 5)).shape == (4, 5)
    (tmp_path / "h.csv").write_text('"Source", "Target"\n0,1\n2,1\n')
    assert weighted(read_matrix(tmp_path / "h.csv").graph).tolist() == [[0, 1], [0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.csv", "1,2\n3\n", "a.csv cannot be read as a matrix: "),
        ("a.csv", "1,x\n", "cannot be read as a matrix: could not convert"),
        ("a.csv", "1,nan\n", "must not hold NaN"),
        ("a.csv", "", "FromMatrix.matrix must be a matrix|cannot be read"),
        ("a.csv", "source,target\n0,1.5\n", "no whole number from zero on"),
        ("a.csv", "source,target\n0,-1\n", "no whole number from zero on"),
        ("a.csv", "source,target\n0,123456789012\n", "no whole number from zero on"),
        ("a.npz", "nothing", "a.npz cannot be read as a matrix"),
        ("a.npy", "nothing", "a.npy cannot be read as a matrix"),
        ("a.mtx", "nothing", "a.mtx cannot be read as a matrix"),
        ("a.docx", "nothing", "no file of a known kind; known: .csv, .txt, .npz"),
        ("b.csv", None, "there is no file b.csv"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_no_matrix_is_refused_in_a_sentence(tmp_path, name, content, text):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ParameterError, match=text) as caught:
        read_matrix(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_archive_of_objects_or_of_many_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "many.npz", a=MATRIX, b=MATRIX)
    np.savez(tmp_path / "objects.npz", np.array([{}], object))
    for name in ("many.npz", "objects.npz"):
        with pytest.raises(ParameterError, match=f"{name} cannot be read"):
            read_matrix(tmp_path / name)
    np.savetxt(tmp_path / "a.csv", MATRIX, delimiter=",")
    with pytest.raises(ParameterError, match=r"of shape \(2, 3\), not \(3, 3\)"):
        read_matrix(tmp_path / "a.csv", shape=(3, 3))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: FixedProbability(p=1.5), r"FixedProbability.p must be between 0 and 1, got 1.5"),
        (lambda: FixedProbability(p=-0.1), r"between 0 and 1, got -0.1"),
        (lambda: FixedProbability(p=float("nan")), r"must be a finite number"),
        (lambda: FixedOutDegree(degree=2.5), r"must be a whole number, got 2.5"),
        (
            lambda: FixedOutDegree(degree=9).draw(9, 9, recurrent=True, path="EE.connectivity"),
            r"EE.connectivity.degree must be at most 8, as there are no more targets, got 9",
        ),
        (lambda: FixedInDegree(degree=4).draw(3, 9), r"at most 3, as there are no more sources"),
        (lambda: AllToAll().draw(0, 9, path="EE.connectivity"), r"EE.connectivity needs a presyn"),
        (lambda: AllToAll().draw(9, 0), r"needs a postsynaptic population of at least one neuron"),
        (lambda: OneToOne().draw(3, 4), r"the same size, got 3 and 4"),
        (lambda: Ring(neighbours=2).draw(4, 4), r"neighbours must be at most 1 in a ring of 4"),
        (lambda: DistanceDependent(width=0.0), r"width must be above 0"),
        (lambda: DistanceDependent(layout="cube"), r"must be one of 'ring', 'sheet'"),
        (
            lambda: FromMatrix(MATRIX).draw(3, 2, path="EE.connectivity"),
            r"EE.connectivity is a matrix of 2 sources and 3 targets, but .* have 3 and 2 neurons",
        ),
        (lambda: FromMatrix(np.zeros(3)), "must be a matrix of numbers with a row for every so"),
        (lambda: FromMatrix(np.zeros((0, 3))), "must be a matrix of numbers"),
        (lambda: FromMatrix([["a"]]), "must be a matrix of numbers"),
        (lambda: FromMatrix(MATRIX * 1j), "must be a matrix of numbers"),
        (lambda: FromMatrix([[1.0, np.inf]]), "must not hold NaN or infinite numbers"),
    ],
)
def test_what_cannot_be_connected_is_refused_in_a_sentence(make, text):
    with pytest.raises(ParameterError, match=text):
        make()
