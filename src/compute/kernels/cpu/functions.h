// SPDX-License-Identifier: Apache-2.0
// exp and what is made of it, on vectors, for the *_isa.cpp files alone. Errors are relative, in
// units of e = 2^-24 = 6e-8, half the distance between 1 and the next float.
#pragma once

#include "compute/kernels/cpu/vector.h"

namespace {  // NOLINT(google-build-namespaces): see vector.h

// e^x, x clamped to [-87, 88]; NaN stays NaN. Error below 3 e: x = n ln 2 + r with |r| <= ln 2 / 2
// and ln 2 in two parts, of which the first has 9 bits, so that n times it is exact and the
// rounding of r costs at most 0.35 e; Taylor's polynomial of degree 7 leaves r^8 / 8! <= 5.2e-9 =
// 0.09 e; its last two additions, whose result lies in [0.7, 1.5], round by at most 1 e each
// relative to the result.
inline Vec exp(Vec x) {
  x = min(all(88.0F), max(all(-87.0F), x));
  const Vec n = round(mul(x, all(1.44269504F)));
  const Vec r = minus_fma(n, all(-2.12194440e-4F), minus_fma(n, all(0.693359375F), x));
  Vec sum = all(1.0F / 5040);
  sum = fma(sum, r, all(1.0F / 720));
  sum = fma(sum, r, all(1.0F / 120));
  sum = fma(sum, r, all(1.0F / 24));
  sum = fma(sum, r, all(1.0F / 6));
  sum = fma(sum, r, all(0.5F));
  sum = fma(sum, r, all(1.0F));
  sum = fma(sum, r, all(1.0F));
  return times_power_of_two(sum, n);
}

// x / (1 + e^(-slope x)): SiLU with slope 1, quick GELU with 1.702. e^ of a rounded product of
// magnitude m is wrong by m e more; where that matters, below zero, the result is near x e^-m.
inline Vec times_sigmoid(Vec x, float slope) {
  return div(x, add(all(1.0F), exp(mul(x, all(-slope)))));
}

// Sine and cosine of an angle from 0 to 1e5. The angle is n pi/2 + r with |r| <= pi/4; pi/2 is its
// float plus a second float, and x - n * (the first) is exact, because it is less than 2 and a
// multiple of 2^-24; the second leaves an absolute error of n * 2e-15. Taylor's polynomials of
// degree 9 and 10 leave r^11 / 11! < 2e-9 and r^12 / 12! < 2e-10. Absolute errors stay below 2 e.
inline void sine_cosine(Vec angle, Vec& sine, Vec& cosine) {
  const Vec n = round(mul(angle, all(0.636619772F)));
  const Vec r = minus_fma(n, all(-4.37113883e-8F), minus_fma(n, all(1.57079637F), angle));
  const Vec rr = mul(r, r);
  Vec s = all(1.0F / 362880);
  s = fma(s, rr, all(-1.0F / 5040));
  s = fma(s, rr, all(1.0F / 120));
  s = fma(s, rr, all(-1.0F / 6));
  s = fma(mul(s, rr), r, r);
  Vec c = all(-1.0F / 3628800);
  c = fma(c, rr, all(1.0F / 40320));
  c = fma(c, rr, all(-1.0F / 720));
  c = fma(c, rr, all(1.0F / 24));
  c = fma(c, rr, all(-0.5F));
  c = fma(c, rr, all(1.0F));
  const Lanes quarter = has_bit(n, 1);
  const Vec sine_size = select(quarter, c, s);
  const Vec cosine_size = select(quarter, s, c);
  sine = select(has_bit(n, 2), sub(zero(), sine_size), sine_size);
  cosine = select(has_bit(add(n, all(1.0F)), 2), sub(zero(), cosine_size), cosine_size);
}

// x Phi(x) = max(x, 0) - u Phi(-u) with u = |x|, which cancels nowhere. Phi(-u) = e^(-u^2/2) g(1 /
// (1 + 0.3 u)), and g is the polynomial of degree 8 with the smallest relative error, 5.7e-8 = 1 e,
// for u up to 13.3, behind which e^ ends (tools/fit_gelu_tail.py).
inline Vec gelu(Vec x) {
  const Vec u = min(all(14.0F), magnitude(x));
  const Vec t = div(all(1.0F), fma(u, all(0.3F), all(1.0F)));
  Vec g = all(0.0383114802F);
  g = fma(g, t, all(-0.168840973F));
  g = fma(g, t, all(0.227987504F));
  g = fma(g, t, all(-0.0757360531F));
  g = fma(g, t, all(0.142002452F));
  g = fma(g, t, all(0.0949110509F));
  g = fma(g, t, all(0.121861991F));
  g = fma(g, t, all(0.119495891F));
  g = fma(g, t, all(6.68596204e-6F));
  const Vec tail = mul(g, exp(mul(mul(u, u), all(-0.5F))));
  return minus_fma(u, tail, max(x, zero()));
}

}  // namespace
