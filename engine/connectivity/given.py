"""Connections that are given: as a matrix, or as a file that holds one."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy import io, sparse

from engine.connectivity.base import Connectivity
from engine.connectivity.graph import Graph
from engine.errors import ParameterError

__all__ = ["FromMatrix", "read_matrix"]

MOST_WRITTEN = 100_000
"""Connections up to which a matrix is written into the file of an experiment."""

LARGEST = 1_000_000
"""Neurons that a population has at most."""


class FromMatrix(Connectivity):
    r"""Connections as a matrix gives them.

    .. math:: w_{ij} = w\, M_{ij}

    An entry is the weight of a connection, as a multiple of the weight of its projection; where it
    is zero there is none. An instance is immutable: two of the same content are equal.

    Parameters
    ----------
    matrix : array or sparse matrix, shape (n_pre, n_post)
        Row *i* holds what neuron *i* sends.

    Raises
    ------
    ParameterError
        No matrix of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from engine.connectivity import FromMatrix
    >>> graph = FromMatrix(np.array([[0.0, 1.5], [1.0, 0.0]])).draw(2, 2)
    >>> graph.targets.tolist(), graph.factors.tolist()
    ([1, 0], [1.5, 1.0])
    """

    formula: ClassVar[str] = r"w_{ij} = w\, M_{ij}"
    is_listed: ClassVar[bool] = False

    def __init__(self, matrix: Any) -> None:
        given, (n_rows, columns) = _checked(matrix)
        starts, targets = given.indptr.astype(np.int64), given.indices.astype(np.int32)
        content = hashlib.sha256(f"{n_rows} x {columns}".encode())
        values = np.asarray(given.data)
        for part in (starts, targets, values):
            part.setflags(write=False)
            content.update(part.tobytes())
        factors = None if (values == 1.0).all() else values
        self.graph = Graph(starts, targets, columns, factors)
        self.digest = content.hexdigest()

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"FromMatrix({rows} x {columns}, {self.n_connections} connections)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromMatrix) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of sources and of targets."""
        return self.graph.n_pre, self.graph.n_post

    @property
    def n_connections(self) -> int:
        """Number of connections."""
        return len(self.graph.targets)

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse populations of other sizes than the matrix has."""
        if self.shape != (n_pre, n_post):
            rows, columns = self.shape
            raise ParameterError(
                path,
                f"{path} is a matrix of {rows:,} sources and {columns:,} targets, but the "
                f"populations have {n_pre:,} and {n_post:,} neurons; change their sizes or give "
                "another matrix",
            )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the number of connections."""
        return float(self.n_connections)

    def out_degree(self, n_pre: int, n_post: int) -> tuple[float, float]:
        """Return the mean number of connections of a source; it hangs on no seed."""
        return self.n_connections / self.graph.n_pre, 0.0

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Return the given connections; see `Connectivity.connect`."""
        return self.graph

    # -- writing --------------------------------------------------------------------------------

    def written(self, path: str) -> dict[str, Any]:
        """Return what a file holds of the matrix: its rows, compressed, as text.

        Raises
        ------
        ParameterError
            Too many connections for that.
        """
        if self.n_connections > MOST_WRITTEN:
            raise ParameterError(
                path,
                f"{path} holds {self.n_connections:,} connections, more than the {MOST_WRITTEN:,} "
                "that the file of an experiment takes; keep the matrix in a file of its own and "
                "read it with engine.connectivity.read_matrix",
            )
        graph = self.graph
        found: dict[str, Any] = {
            "shape": list(self.shape),
            "degrees": _packed(graph.out_degrees.astype("<i4")),
            "targets": _packed(graph.targets.astype("<i4")),
        }
        return found if graph.factors is None else found | {"factors": _packed(graph.factors)}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> FromMatrix:
        """Read what `written` gave.

        Raises
        ------
        ParameterError
            Not such a content.
        """
        try:
            n_pre, n_post = (int(n) for n in content["shape"])
            if not (0 < n_pre <= LARGEST and 0 < n_post <= LARGEST):
                raise ValueError(f"a matrix of {n_pre} x {n_post}")
            degrees = _unpacked(content["degrees"], "<i4", n_pre)
            count = int(degrees.sum(dtype=np.int64))
            if len(degrees) != n_pre or (degrees < 0).any() or count > MOST_WRITTEN:
                raise ValueError("numbers of connections that cannot be")
            targets = _unpacked(content["targets"], "<i4", count)
            factors = np.ones(count)
            if "factors" in content:
                factors = _unpacked(content["factors"], "<f8", count)
            if not len(targets) == len(factors) == count:
                raise ValueError("rows of unequal length")
            if count and not (targets.min() >= 0 and targets.max() < n_post):
                raise ValueError("targets that do not exist")
            starts = np.concatenate([[0], np.cumsum(degrees, dtype=np.int64)])
            return cls(sparse.csr_array((factors, targets, starts), shape=(n_pre, n_post)))
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            text = f"this is not a matrix of an experiment file: {error}"
            raise ParameterError("file", text) from None


def read_matrix(path: Any, shape: tuple[int, int] | None = None) -> FromMatrix:
    """Read connections from a file, by the end of its name.

    Parameters
    ----------
    path : str or Path
        ``.csv`` or ``.txt``: the rows of a matrix, or, under the heading ``source,target`` or
        ``source,target,weight``, a connection in each line, neurons counted from zero. ``.npz``:
        what ``scipy.sparse.save_npz`` wrote, or a single array. ``.npy``: an array. ``.mtx``,
        ``.mtx.gz``: Matrix Market.
    shape : (int, int), optional
        Number of sources and of targets, for a list of connections that does not reach the last.

    Returns
    -------
    FromMatrix
        The connectivity of a `NetworkProjection`.

    Raises
    ------
    ParameterError
        No such file, or not what its name says.
    """
    name = Path(path).name
    reader = next((read for ends, read in _READERS.items() if name.lower().endswith(ends)), None)
    if reader is None:
        known = ", ".join(end for ends in _READERS for end in ends)
        raise ParameterError("file", f"{name} is no file of a known kind; known: {known}")
    if not Path(path).is_file():
        raise ParameterError("file", f"there is no file {name}; check its name and folder")
    try:
        found = reader(Path(path), shape)
    except (ValueError, TypeError, KeyError, IndexError, OSError, EOFError) as error:
        reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise ParameterError("file", f"{name} cannot be read as a matrix: {reason}") from None
    matrix = FromMatrix(found)
    if shape is not None and matrix.shape != tuple(shape):
        raise ParameterError(
            "file", f"{name} is a matrix of shape {matrix.shape}, not {tuple(shape)}"
        )
    return matrix


def _checked(matrix: Any) -> tuple[sparse.csr_array, tuple[int, int]]:
    """Return a matrix by rows, in order, without the zeros; and its shape."""
    try:
        given = matrix if sparse.issparse(matrix) else np.asarray(matrix)
        if given.ndim != 2 or given.dtype.kind not in "buif":
            raise ValueError
        fits = 0 < min(given.shape) <= max(given.shape) <= LARGEST
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise ParameterError(
            "FromMatrix.matrix",
            "FromMatrix.matrix must be a matrix of numbers with a row for every source and a "
            f"column for every target, {LARGEST:,} at most",
        )
    rows = sparse.csr_array(given, dtype=np.float64, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    rows.sort_indices()
    if not np.isfinite(rows.data).all():
        raise ParameterError(
            "FromMatrix.matrix", "FromMatrix.matrix must not hold NaN or infinite numbers"
        )
    return rows, (int(given.shape[0]), int(given.shape[1]))


def _rows_of_text(path: Path, shape: tuple[int, int] | None) -> Any:
    with path.open() as file:
        lines = file.readlines(4096)
    words = lines[0].replace('"', "").lower().split(",") if lines else []
    if [word.strip() for word in words][:2] != ["source", "target"]:
        separated = any("," in line for line in lines)
        return np.loadtxt(path, delimiter="," if separated else None, ndmin=2)
    columns = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    pairs = columns[:, :2].astype(np.int64)
    if (pairs != columns[:, :2]).any() or ((pairs < 0) | (pairs >= LARGEST)).any():
        raise ValueError("a source or a target is no whole number from zero on")
    weights = columns[:, 2] if columns.shape[1] > 2 else np.ones(len(columns))
    sizes = shape or (tuple(pairs.max(axis=0) + 1) if len(pairs) else (1, 1))
    return sparse.coo_array((weights, (pairs[:, 0], pairs[:, 1])), shape=sizes)


def _archive(path: Path, shape: Any) -> Any:
    with np.load(path, allow_pickle=False) as found:
        if "format" in found.files:
            return sparse.load_npz(path)
        if len(found.files) != 1:
            raise ValueError(f"it holds {len(found.files)} arrays, not one")
        return found[found.files[0]]


_READERS: dict[tuple[str, ...], Any] = {
    (".csv", ".txt"): _rows_of_text,
    (".npz",): _archive,
    (".npy",): lambda path, shape: np.load(path, allow_pickle=False),
    (".mtx", ".mtx.gz"): lambda path, shape: io.mmread(path, spmatrix=False),
}


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()


def _unpacked(text: str, kind: str, most: int) -> np.ndarray:
    """Read an array; never more than ``most`` numbers, whatever the text unpacks to."""
    size = np.dtype(kind).itemsize
    raw = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most * size + 1)
    if len(raw) > most * size:
        raise ValueError("more numbers than it says")
    return np.frombuffer(raw, kind)
