"""Twenty-nine areas of the macaque cortex: place in the hierarchy, and how they are connected."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["AREAS", "FRACTIONS", "HIERARCHY", "distance"]

_HIERARCHY = """
V1 0.000 V2 0.175 V4 0.420 DP 0.587 MT 0.606 8m 0.653 5 0.699 8l 0.703 TEO 0.704 2 0.707 F1 0.724
STPc 0.752 7A 0.772 46d 0.805 10 0.822 9/46v 0.830 9/46d 0.835 F5 0.840 TEpd 0.845 PBr 0.852 7m
0.857 7B 0.897 F2 0.907 STPi 0.912 ProM 0.917 F7 0.937 8B 0.952 STPr 0.995 24c 1.000
"""

_MILLIONTHS = """
V1: V2 732000, V4 127720, MT 58840, TEO 27024, STPc 1652, TEpd 3630
V2: V1 763667, V4 151333, MT 35733, TEO 3273, TEpd 1054
V4: V1 13055, V2 391000, MT 84500, 8l 2420, TEO 238000, TEpd 74850
DP: V2 79400, V4 338000, MT 162000, 8m 1900, 7A 118000, 46d 755, 9/46d 783, TEpd 1220, F2 1540, F7
  568, 8B 1120
MT: V1 19000, V2 119000, V4 381000, DP 14600, 8m 628, 8l 2280, TEO 38200, STPc 1780, TEpd 13600
8m: MT 687, 8l 185000, F1 858, STPc 34000, 7A 1640, 46d 112000, 10 2110, 9/46v 92500, 9/46d 37800,
  F5 7030, PBr 1190, 7m 515, 7B 785, F2 21600, STPi 14400, ProM 576, F7 108000, 8B 17100, STPr
  1470, 24c 2390
5: 2 36300, F1 337000, 7A 151000, F5 6840, 7m 1820, 7B 11400, F2 118000, STPi 2010
8l: V2 3490, V4 12100, DP 521, MT 20300, 8m 415000, TEO 1470, F1 1850, STPc 12100, 7A 1510, 46d
  39100, 10 531, 9/46v 24900, 9/46d 10300, F5 12700, PBr 981, F2 19000, STPi 5750, ProM 1750, F7
  26100, 8B 20600, STPr 1400, 24c 2420
TEO: V2 24300, V4 256000, DP 1170, MT 24400, 8l 6080, TEpd 231000, STPr 1310
2: 9/46v 10400, F5 142000, 7B 2030, ProM 42400
F1: 5 109000, 2 125000, F5 9000, F2 402000, F7 3340, 24c 4320
STPc: V4 1360, MT 720, 8m 6880, 7A 1410, 46d 6870, 10 1430, 9/46d 2240, F5 1010, TEpd 789, PBr
  19900, STPi 419000, F7 747, 8B 803, STPr 14700
7A: V4 3010, DP 20500, 8m 19400, 5 10200, TEO 2300, STPc 13100, 46d 14600, 9/46v 3800, 9/46d 2270,
  F5 1310, TEpd 2720, 7m 21100, 7B 551, F2 7490, STPi 41300, 8B 7520, STPr 2790
46d: V2 2240, 8m 31600, STPc 4440, 7A 515, 10 75100, 9/46d 604000, 7m 747, STPi 13200, F7 7370, 8B
  39200, STPr 614, 24c 3040
10: 8m 5715, STPc 4658, 46d 186750, 9/46d 11222, PBr 26275, STPi 20550, F7 2019, 8B 18900, STPr
  34775, 24c 6425
9/46v: 8m 34700, 8l 3080, 2 1810, STPc 983, 7A 22300, 46d 38500, 9/46d 14600, F5 18000, 7m 778, 7B
  19500, F2 5170, STPi 737, ProM 9210, F7 8750, 8B 16500, 24c 6880
9/46d: V2 1780, 8m 222000, 5 972, 8l 14700, STPc 25600, 7A 731, 46d 196000, 10 7890, 9/46v 16800,
  F5 637, PBr 536, 7m 34500, 7B 1110, F2 22300, STPi 6500, F7 55400, 8B 71000, 24c 3040
F5: 8l 883, 2 203000, F1 4300, 9/46v 2840, 7B 77200, F2 1200, ProM 45500, 24c 8510
TEpd: V4 27400, 8l 4590, TEO 138000, 7A 2020, 9/46v 1420
PBr: STPc 61800, 46d 4120, 10 8730, 9/46d 4070, STPi 289000, 8B 898, STPr 69600
7m: V2 1450, DP 13400, MT 914, 8m 18600, 5 7110, 8l 578, STPc 11700, 7A 78500, 46d 4290, 9/46v
  1240, 9/46d 21600, F2 31700, F7 13400, 8B 38400, 24c 1650
7B: MT 1700, 5 21800, 2 3080, F1 941, STPc 9890, 7A 397000, 9/46v 12700, F5 36600, 7m 18600, F2
  2930, ProM 663
F2: 5 18800, F1 163000, 7A 8330, F5 41900, 7m 7470, F7 24300, 24c 31200
STPi: STPc 239000, 46d 3620, 10 24000, PBr 315000, STPr 22100
ProM: 2 27900, 9/46v 20100, F5 317000, 7B 1060, 24c 2510
F7: 8m 38600, 8l 3190, STPc 1840, 7A 2120, 46d 904, 10 1490, 9/46v 3830, 9/46d 25100, F5 2140, PBr
  2550, 7m 5630, F2 97200, STPi 11700, 8B 103000, STPr 6580, 24c 93200
8B: 8m 49100, 8l 935, 7A 888, 46d 39900, 10 132000, 9/46d 87000, 7m 2650, STPi 14400, F7 151000,
  STPr 19100, 24c 93700
STPr: STPc 29300, 46d 9750, 10 32300, 9/46v 522, TEpd 927, PBr 194000, STPi 233000, 8B 581
24c: 5 25600, 2 2240, F1 11200, 7A 7960, 9/46v 748, 9/46d 5110, F5 22100, 7m 19500, 7B 4320, F2
  49100, ProM 2200, F7 80500, 8B 42900
"""

HIERARCHY: Mapping[str, float] = {
    area: float(place)
    for area, place in zip(_HIERARCHY.split()[::2], _HIERARCHY.split()[1::2], strict=True)
}
"""Place of every area in the hierarchy, from 0 to 1: R. Chaudhuri, K. Knoblauch, M.-A. Gariel,
H. Kennedy and X.-J. Wang (2015), Neuron 88, 419-431, doi:10.1016/j.neuron.2015.09.008. To 0.003."""

AREAS = tuple(HIERARCHY)


def _fractions() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in _MILLIONTHS.replace("\n  ", " ").strip().splitlines():
        target, _, sources = row.partition(": ")
        pairs = (pair.split() for pair in sources.split(", "))
        found[target] = {source: int(count) * 1e-6 for source, count in pairs}
    return found


FRACTIONS: Mapping[str, Mapping[str, float]] = _fractions()
"""Part of the neurons projecting to an area which lies in another, by target and then source, of
one in two thousand and more: N. T. Markov and others (2014). A weighted and directed interareal
connectivity matrix for macaque cerebral cortex. Cerebral Cortex 24, 17-36,
doi:10.1093/cercor/bhs270."""

_MEASURED = {
    frozenset(pair.split()): distance
    for pair, distance in {
        "V1 V2": 9.3,
        "V1 V4": 14.8,
        "V1 MT": 12.5,
        "V2 V4": 9.4,
        "V2 MT": 13.6,
        "V2 8l": 40.2,
        "V4 MT": 9.4,
        "V4 8l": 40.2,
        "MT 8m": 31.7,
        "MT 8l": 31.8,
        "8m 8l": 6.1,
    }.items()
}

DECAY = 0.19
"""By how much, for every mm, the logarithm of a fraction falls off: M. Ercsey-Ravasz and others
(2013), Neuron 80, 184-197, doi:10.1016/j.neuron.2013.07.036."""

AT_HAND = 0.9
"""Logarithm of the fraction at no distance: the mean over the pairs that were measured."""

NEAREST, FARTHEST = 5.0, 55.0


def distance(one: str, other: str) -> float:
    """Return the way between two areas through the white matter, in mm.

    Where it is not at hand it is told from the stronger of the two connections, as fractions fall
    off with distance: to some 8 mm.
    """
    if (pair := frozenset((one, other))) in _MEASURED:
        return _MEASURED[pair]
    strongest = max(FRACTIONS[one].get(other, 0.0), FRACTIONS[other].get(one, 0.0), 1e-6)
    return min(max((AT_HAND - math.log(strongest)) / DECAY, NEAREST), FARTHEST)
