// flam3's variations 0-29 and those of its others that the original Bloom's flames use.
// Formulas: Draves and Reckase 2003, appendix, as restated (and checked against flam3 and Ember) in the project's notes.
#pragma once
#include "variation.h"

namespace bloom::BLOOM_ISA {

template <class T>
void linear(const Call<T>& c, Point<T>& sum) {
  add_keeping_z(sum, c.w * c.in.x, c.w * c.in.y, c);
}

template <class T>
void sinusoidal(const Call<T>& c, Point<T>& sum) {
  add_keeping_z(sum, c.w * sin(c.in.x), c.w * sin(c.in.y), c);
}

template <class T>
void spherical(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.guard(c.square_radius());
  add_keeping_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void swirl(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.square_radius(), s, k);
  add_keeping_z(sum, c.w * (c.in.x * s - c.in.y * k), c.w * (c.in.x * k + c.in.y * s), c);
}

template <class T>
void horseshoe(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.guard(c.radius());
  add_keeping_z(sum, k * (c.in.x - c.in.y) * (c.in.x + c.in.y), k * T(2) * c.in.x * c.in.y, c);
}

template <class T>
void polar(const Call<T>& c, Point<T>& sum) {
  add_keeping_z(sum, c.w * c.theta() / kPi<T>, c.w * (c.radius() - T(1)), c);
}

template <class T>
void handkerchief(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), a = c.theta();
  add_flat(sum, c.w * r * sin(a + r), c.w * r * cos(a - r));
}

template <class T>
void heart(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), s, k;
  sincos(r * c.theta(), s, k);
  add_flat(sum, c.w * r * s, -c.w * r * k);
}

template <class T>
void disc(const Call<T>& c, Point<T>& sum) {
  Vec<T> a = c.w * c.theta() / kPi<T>, s, k;
  sincos(kPi<T> * c.radius(), s, k);
  add_keeping_z(sum, a * s, a * k, c);
}

template <class T>
void spiral(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), rho = c.guard(r), s, k;
  sincos(rho, s, k);
  add_keeping_z(sum, c.w / rho * (c.unit(c.in.y, r) + s), c.w / rho * (c.unit(c.in.x, r) - k), c);
}

template <class T>
void hyperbolic(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), rho = c.guard(r);
  add_keeping_z(sum, c.w * c.unit(c.in.x, r) / rho, c.w * rho * c.unit(c.in.y, r), c);
}

template <class T>
void diamond(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), s, k;
  sincos(r, s, k);
  add_flat(sum, c.w * c.unit(c.in.x, r) * k, c.w * c.unit(c.in.y, r) * s);
}

template <class T>
void ex(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), a = c.theta(), s = sin(a + r), k = cos(a - r);
  Vec<T> m = s * s * s * r, n = k * k * k * r;
  add_flat(sum, c.w * (m + n), c.w * (m - n));
}

template <class T>
void julia(const Call<T>& c, Point<T>& sum) {
  Vec<T> a = T(0.5) * c.theta(), s, k;
  sincos(a, s, k);
  Vec<T> r = select<T>(c.uniform() < T(0.5), c.w, -c.w) * sqrt(c.radius());  // half a turn further: the opposite sign
  add_flat(sum, r * k, r * s);
}

template <class T>
void bent(const Call<T>& c, Point<T>& sum) {
  add_flat(sum, c.w * select<T>(c.in.x < T(0), c.in.x * T(2), c.in.x), c.w * select<T>(c.in.y < T(0), c.in.y * T(0.5), c.in.y));
}

template <class T>
void waves(const Call<T>& c, Point<T>& sum) {
  T b = c.pre[1], cx = c.pre[3], e = c.pre[5], f = c.pre[7];
  add_flat(sum, c.w * (c.in.x + b * sin(c.in.y / c.guard(cx * cx))), c.w * (c.in.y + e * sin(c.in.x / c.guard(f * f))));
}

template <class T>
void fisheye(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = T(2) * c.w / (c.radius() + T(1));
  add_flat(sum, k * c.in.y, k * c.in.x);  // the axes are swapped since 1992
}

template <class T>
void popcorn(const Call<T>& c, Point<T>& sum) {
  T cx = c.pre[3], f = c.pre[7];
  add_flat(sum, c.w * (c.in.x + cx * sin(tan(T(3) * c.in.y))), c.w * (c.in.y + f * sin(tan(T(3) * c.in.x))));
}

template <class T>
void exponential(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.w * exp(c.in.x - T(1)), s, k;
  sincos(kPi<T> * c.in.y, s, k);
  add_flat(sum, r * k, r * s);
}

template <class T>
void power(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), s = c.unit(c.in.x, r), k = c.unit(c.in.y, r), m = c.w * pow(r, s);
  add_flat(sum, m * k, m * s);
}

template <class T>
void cosine(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(kPi<T> * c.in.x, s, k);
  add_flat(sum, c.w * k * cosh(c.in.y), -c.w * s * sinh(c.in.y));
}

template <class T>
void rings(const Call<T>& c, Point<T>& sum) {
  T kappa = c.guard(c.pre[3] * c.pre[3]);
  Vec<T> r = c.radius();
  Vec<T> rho = c.w * (remainder(r + kappa, Vec<T>(2 * kappa)) - kappa + r * (T(1) - kappa));
  add_flat(sum, rho * c.unit(c.in.y, r), rho * c.unit(c.in.x, r));
}

template <class T>
void fan(const Call<T>& c, Point<T>& sum) {
  T tau = kPi<T> * c.guard(c.pre[3] * c.pre[3]), half = tau / 2;
  Vec<T> a = c.theta(), s, k;
  a = select<T>(remainder(a + c.pre[7], Vec<T>(tau)) > half, a - half, a + half);
  sincos(a, s, k);
  Vec<T> r = c.w * c.radius();
  add_flat(sum, r * k, r * s);
}

template <class T>
void blob(const Call<T>& c, Point<T>& sum) {
  T low = c.p[0], high = c.p[1], count = c.p[2];
  Vec<T> r = c.radius(), rho = c.w * r * (low + (high - low) * (T(0.5) + T(0.5) * sin(count * c.theta())));
  add_flat(sum, rho * c.unit(c.in.x, r), rho * c.unit(c.in.y, r));
}

template <class T>
void pdj(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = sin(c.p[0] * c.in.y) - cos(c.p[1] * c.in.x), y = sin(c.p[2] * c.in.x) - cos(c.p[3] * c.in.y);
  add_keeping_z(sum, c.w * x, c.w * y, c);
}

template <class T>
void fan2(const Call<T>& c, Point<T>& sum) {
  T tau = kPi<T> * c.guard(c.p[0] * c.p[0]), half = tau / 2;
  Vec<T> a = c.theta(), t = a + c.p[1], s, k;
  a = select<T>(remainder(t, Vec<T>(tau)) > half, a - half, a + half);
  sincos(a, s, k);
  Vec<T> r = c.w * c.radius();
  add_keeping_z(sum, r * s, r * k, c);
}

template <class T>
void rings2(const Call<T>& c, Point<T>& sum) {
  T kappa = c.guard(c.p[0] * c.p[0]);
  Vec<T> r = c.radius();
  Vec<T> rho = c.w * (r - T(2) * kappa * trunc((r + kappa) / (T(2) * kappa)) + r * (T(1) - kappa));
  add_keeping_z(sum, rho * c.unit(c.in.x, r), rho * c.unit(c.in.y, r), c);
}

template <class T>
void eyefish(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = T(2) * c.w / (c.radius() + T(1));
  add_keeping_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void bubble(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = T(0.25) * c.square_radius(), k = c.w / (q + T(1));
  add_flat(sum, k * c.in.x, k * c.in.y);
  // Ember's z: Apophysis meant 2/(q+1) - 1, and every flame made with Ember has been seen with this instead.
  sum.z += c.w * T(2) / select<T>(q == T(0), T(2.2204460492503131e-16), q);
}

template <class T>
void cylinder(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.in.x, s, k);
  add_flat(sum, c.w * s, c.w * c.in.y);
  sum.z += c.w * k;
}

template <class T>
void gaussian_blur(const Call<T>& c, Point<T>& sum) {
  Vec<T> rho = c.w * c.random.template gaussian<T>(), s, k;
  sincos(T(2) * kPi<T> * c.uniform(), s, k);
  add_keeping_z(sum, rho * k, rho * s, c);
}

template <class T>
void curl(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  Vec<T> re = T(1) + c.p[0] * x + c.p[1] * (x * x - y * y), im = c.p[0] * y + T(2) * c.p[1] * x * y;
  Vec<T> k = c.w / c.guard(re * re + im * im);
  add_flat(sum, k * (x * re + y * im), k * (y * re - x * im));
}

template <class T>
void arch(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(kPi<T> * c.w * c.uniform(), s, k);
  add_flat(sum, c.w * s, c.w * s * s / k);
}

template <class T>
void cross(const Call<T>& c, Point<T>& sum) {
  Vec<T> d = (c.in.x - c.in.y) * (c.in.x + c.in.y);
  Vec<T> k = c.dialect == Dialect::flam3 ? c.w / sqrt(d * d + T(1e-10)) : c.w / c.guard(abs(d));
  add_keeping_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void butterfly(const Call<T>& c, Point<T>& sum) {
  Vec<T> y = T(2) * c.in.y;
  Vec<T> rho = c.w * T(1.3029400317411197908970256609023) * sqrt(abs(c.in.x * c.in.y) / c.guard(c.in.x * c.in.x + y * y));
  add_flat(sum, rho * c.in.x, rho * y);
}

template <class T>
void oscilloscope(const Call<T>& c, Point<T>& sum) {
  T separation = c.p[0], frequency = c.p[1], amplitude = c.p[2], damping = c.p[3];
  Vec<T> t = amplitude * exp(-damping * abs(c.in.x)) * cos(T(2) * kPi<T> * frequency * c.in.x) + separation;
  add_flat(sum, c.w * c.in.x, select<T>(abs(c.in.y) <= t, -c.w, c.w) * c.in.y);
}

// 2 (cos x cosh y, sin x sinh y) / (cos 2x + cosh 2y), with k = e^-|y| taken out above and below so that nothing overflows.
template <class T>
void sec(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, q, a = abs(c.in.y), k = exp(-a), k2 = k * k;
  sincos(c.in.x, s, q);
  Vec<T> up = select<T>(a < T(1), T(2) * k2 * sinh(min(a, Vec<T>(T(1)))), k * (T(1) - k2));
  Vec<T> scale = T(2) * c.w / c.guard(T(1) + k2 * k2 + T(2) * k2 * cos(T(2) * c.in.x));
  add_flat(sum, scale * q * k * (T(1) + k2), scale * s * copysign(up, c.in.y));
}

template <class T>
void auger(const Call<T>& c, Point<T>& sum) {
  T symmetry = c.p[0], weight = c.p[1], frequency = c.p[2], scale = c.p[3];
  Vec<T> x = c.in.x, y = c.in.y, s = sin(frequency * x), t = sin(frequency * y), dx, dy;
  if (c.dialect == Dialect::ember_1_0_0_14) {
    dx = x + weight * scale * t / (T(2) + abs(x) * t);
    dy = y + weight * scale * s / (T(2) + abs(y) * s);
  } else {
    dx = x + weight * t * (scale / 2 + abs(x));
    dy = y + weight * s * (scale / 2 + abs(y));
  }
  add_keeping_z(sum, c.w * (x + symmetry * (dx - x)), c.w * dy, c);
}

template <class T>
void waves2(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x + c.p[0] * sin(c.p[2] * c.in.y), y = c.in.y + c.p[1] * sin(c.p[3] * c.in.x);
  add_flat(sum, c.w * x, c.w * y);
  sum.z += c.w * (c.p[4] == 0 ? c.in.z : c.in.z + c.p[4] * sin(c.p[5] * c.radius()));
}

}  // namespace bloom::BLOOM_ISA
