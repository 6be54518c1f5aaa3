#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the polynomial of gelu() in src/compute/kernels/cpu/functions.h, lowest power first. Needs mpmath.

For u >= 0 let g(t) = Phi(-u) exp(u^2 / 2) with t = 1 / (1 + 0.3 u). Remez' exchange finds the polynomial of degree 8 in
t whose largest relative error over u in [0, 13.3] is smallest; beyond that exp(-u^2 / 2) leaves the floats.
"""
from mpmath import cos, erfc, exp, lu_solve, matrix, mp, mpf, nstr, pi, polyval, sign, sqrt

DEGREE = 8
SLOPE = mpf("0.3")
LARGEST = mpf("13.3")
SAMPLES = 800


def tail(t):
    u = (1 / t - 1) / SLOPE
    return erfc(u / sqrt(2)) / 2 * exp(u * u / 2)


def between(share):
    """share in [-1, 1] to the range of t."""
    low = 1 / (1 + SLOPE * LARGEST)
    return (low + 1) / 2 + (1 - low) / 2 * share


def levelled(points):
    """Coefficients whose relative errors at the points are equal in size and alternate in sign."""
    rows = matrix(DEGREE + 2, DEGREE + 2)
    ones = matrix(DEGREE + 2, 1)
    for i, t in enumerate(points):
        for power in range(DEGREE + 1):
            rows[i, power] = t**power / tail(t)
        rows[i, DEGREE + 1] = (-1) ** i
        ones[i] = 1
    return list(lu_solve(rows, ones))[: DEGREE + 1]


def extremes(coefficients):
    """(error, t) of the largest error of each run of one sign."""
    found = []
    for i in range(SAMPLES + 1):
        t = between(cos(pi * i / SAMPLES))
        error = polyval(coefficients[::-1], t) / tail(t) - 1
        if found and sign(found[-1][0]) == sign(error):
            found[-1] = max(found[-1], (error, t), key=lambda pair: abs(pair[0]))
        else:
            found.append((error, t))
    return found


def main():
    mp.dps = 40
    points = [between(cos(pi * (2 * i + 1) / (2 * (DEGREE + 2)))) for i in range(DEGREE + 2)]
    for _ in range(10):
        coefficients = levelled(points)
        found = extremes(coefficients)
        if len(found) < DEGREE + 2:
            break
        while len(found) > DEGREE + 2:
            found.pop(0 if abs(found[0][0]) < abs(found[-1][0]) else -1)
        points = [t for _, t in found]
    print("\n".join(nstr(c, 9) for c in coefficients))
    print("largest relative error:", nstr(max(abs(error) for error, _ in found), 3))


if __name__ == "__main__":
    main()
