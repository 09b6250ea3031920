// Variations that cut the plane into halves, strips or cells, and waves of it.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

constexpr Parameter pdj_parameters[] = {{"pdj_a", 0, {-3, 3}}, {"pdj_b", 0, {-3, 3}}, {"pdj_c", 0, {-3, 3}}, {"pdj_d", 0, {-3, 3}}};

template <class T>
void pdj(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = sin(c.p[0] * c.in.y) - cos(c.p[1] * c.in.x), y = sin(c.p[2] * c.in.x) - cos(c.p[3] * c.in.y);
  add_with_z(sum, c.w * x, c.w * y, c);
}

constexpr Parameter perspective_parameters[] = {{"perspective_angle", 0, {0, 1}}, {"perspective_dist", 0, {1, 3}}};

// Derived: sine and cosine of the tilt.
inline void prepare_perspective(double, Dialect, double* p) { p[2] = ::sin(p[0] * kPi<double> / 2), p[3] = ::cos(p[0] * kPi<double> / 2); }

template <class T>
void perspective(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w * c.p[1] / c.nonzero(c.p[1] - c.in.y * c.p[2]);
  add_flat(sum, k * c.in.x, k * c.in.y * c.p[3]);
}

constexpr Parameter rectangles_parameters[] = {{"rectangles_x", 1, {0, 1}}, {"rectangles_y", 1, {0, 1}}};

template <class T>
void rectangles(const Call<T>& c, Point<T>& sum) {
  auto fold = [](Vec<T> v, T size) { return size == 0 ? v : (T(2) * floor(v / size) + T(1)) * size - v; };
  add_with_z(sum, c.w * fold(c.in.x, c.p[0]), c.w * fold(c.in.y, c.p[1]), c);
}

constexpr Parameter bent2_parameters[] = {{"bent2_x", 1, {-1.5, 1.5}}, {"bent2_y", 1, {-1.5, 1.5}}};

template <class T>
void bent2(const Call<T>& c, Point<T>& sum) {
  add_flat(sum, c.w * select<T>(c.in.x < T(0), c.p[0] * c.in.x, c.in.x), c.w * select<T>(c.in.y < T(0), c.p[1] * c.in.y, c.in.y));
}

// Quarters of a cell are drawn together about its centre, or moved away from it into the gap between cells.
template <class T>
void boarders(const Call<T>& c, Point<T>& sum) {
  Vec<T> i = nearest(c.in.x), j = nearest(c.in.y), s = c.in.x - i, t = c.in.y - j, x = i + T(0.5) * s, y = j + T(0.5) * t;
  Mask<T> moved = c.uniform() < T(0.75), along_x = abs(s) >= abs(t);
  auto quarter = [](Vec<T> v) { return select<T>(v >= T(0), T(0.25), T(-0.25)); };
  Vec<T> qs = quarter(s), qt = quarter(t), slope_y = t / select<T>(s == T(0), T(1), s), slope_x = s / select<T>(t == T(0), T(1), t);
  x = select<T>(moved, x + select<T>(along_x, qs, qt * slope_x), x);
  y = select<T>(moved, y + select<T>(along_x, qs * slope_y, qt), y);
  add_flat(sum, c.w * x, c.w * y);
}

constexpr Parameter cell_parameters[] = {{"cell_size", 1, {0.5, 2.5}}};

// Derived: the size's inverse.
inline void prepare_cell(double, Dialect, double* p) { p[1] = 1 / p[0]; }

template <class T>
void cell(const Call<T>& c, Point<T>& sum) {
  T h = c.p[0];
  auto spread = [&](Vec<T> v) {
    Vec<T> i = floor(v * c.p[1]);
    return (v - i * h) + select<T>(i >= T(0), T(2) * i, T(-2) * i - T(1)) * h;
  };
  add_flat(sum, c.w * spread(c.in.x), -c.w * spread(c.in.y));
}

constexpr Parameter curve_parameters[] = {{"curve_xamp", 0, {-2.5, 2.5}},
                                          {"curve_yamp", 0, {-2, 2}},
                                          {"curve_xlength", 1, {1, 3}},
                                          {"curve_ylength", 1, {1, 3}}};

// Derived: minus the inverses of the squared lengths.
inline void prepare_curve(double, Dialect, double* p) {
  for (int i = 0; i < 2; ++i) p[4 + i] = -1 / fmax(p[2 + i] * p[2 + i], 1e-20);
}

template <class T>
void curve(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  add_flat(sum, c.w * (x + c.p[0] * exp(y * y * c.p[4])), c.w * (y + c.p[1] * exp(x * x * c.p[5])));
}

constexpr Parameter modulus_parameters[] = {{"modulus_x", {1, 0}, {-1, 1}}, {"modulus_y", {1, 0}, {-1, 1}}};

template <class T>
void modulus(const Call<T>& c, Point<T>& sum) {
  auto fold = [](Vec<T> v, T size) {
    Vec<T> period = T(2) * size, above = remainder(v + size, period) - size, below = size - remainder(size - v, period);
    return select<T>(v > size, above, select<T>(v < -size, below, v));
  };
  add_flat(sum, c.w * fold(c.in.x, c.p[0]), c.w * fold(c.in.y, c.p[1]));
}

constexpr Parameter oscilloscope_parameters[] = {{"oscilloscope_separation", 1, {0, 2}},
                                                 {"oscilloscope_frequency", kHalfTurn, {-kHalfTurn, kHalfTurn}},
                                                 {"oscilloscope_amplitude", 1, {1, 3}},
                                                 {"oscilloscope_damping", 0, {0, 1}}};

template <class T>
void oscilloscope(const Call<T>& c, Point<T>& sum) {
  T separation = c.p[0], frequency = c.p[1], amplitude = c.p[2], damping = c.p[3];
  Vec<T> height = amplitude * cos(T(2) * kPi<T> * frequency * c.in.x);
  if (damping != 0) height *= exp(-damping * abs(c.in.x));
  add_flat(sum, c.w * c.in.x, select<T>(abs(c.in.y) <= height + separation, -c.w, c.w) * c.in.y);
}

constexpr Parameter popcorn2_parameters[] = {{"popcorn2_x", {0.1, 0}, {0.2, 1.2}},
                                             {"popcorn2_y", {0.1, 0}, {0, 0.2}},
                                             {"popcorn2_c", {3, 0}, {0, 5}}};

template <class T>
void popcorn2(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x + c.p[0] * sin(tan(c.p[2] * c.in.y)), y = c.in.y + c.p[1] * sin(tan(c.p[2] * c.in.x));
  add_flat(sum, c.w * x, c.w * y);
}

constexpr Parameter separation_parameters[] = {{"separation_x", {1, 0}, {0, 2}},
                                               {"separation_xinside", 0, {0, 2}},
                                               {"separation_y", {1, 0}, {0, 2}},
                                               {"separation_yinside", 0, {-1, 1}}};

template <class T>
void separation(const Call<T>& c, Point<T>& sum) {
  auto part = [](Vec<T> v, T gap, T inside) { return copysign(sqrt(v * v + gap * gap), select<T>(v > T(0), T(1), T(-1))) - v * inside; };
  add_with_z(sum, c.w * part(c.in.x, c.p[0], c.p[1]), c.w * part(c.in.y, c.p[2], c.p[3]), c);
}

constexpr Parameter split_parameters[] = {{"split_xsize", {0.5, 0}, {-1, 1}}, {"split_ysize", {0.5, 0}, {-1, 1}}};

template <class T>
void split(const Call<T>& c, Point<T>& sum) {
  auto kept = [&](T size, Vec<T> v) { return select<T>(cos(kPi<T> * size * v) >= T(0), c.w, -c.w); };
  add_flat(sum, kept(c.p[1], c.in.y) * c.in.x, kept(c.p[0], c.in.x) * c.in.y);
}

// v moved away from 0 by `gap`.
template <class T>
inline Vec<T> parted(Vec<T> v, T gap) { return v + select<T>(v >= T(0), gap, -gap); }

constexpr Parameter splits_parameters[] = {{"splits_x", 0, {-1, 1}}, {"splits_y", 0, {-1, 1}}};

template <class T>
void splits(const Call<T>& c, Point<T>& sum) {
  add_with_z(sum, c.w * parted<T>(c.in.x, c.p[0]), c.w * parted<T>(c.in.y, c.p[1]), c);
}

constexpr Parameter splits3d_parameters[] = {{"splits3D_x", 0, {-1, 1}}, {"splits3D_y", 0, {-1, 1}}, {"splits3D_z", 0, {-1, 1}}};

template <class T>
void splits3d(const Call<T>& c, Point<T>& sum) {
  add(sum, c.w * parted<T>(c.in.x, c.p[0]), c.w * parted<T>(c.in.y, c.p[1]), c.w * parted<T>(c.in.z, c.p[2]));
}

constexpr Parameter stripes_parameters[] = {{"stripes_space", {0.5, 0}, {0.5, 1}, ParameterKind::real, {0.5, 5}}, {"stripes_warp", 0, {0, 5}}};

template <class T>
void stripes(const Call<T>& c, Point<T>& sum) {
  Vec<T> n = c.dialect == Dialect::flam3 ? floor(c.in.x + T(0.5)) : rounded<T>(c.in.x), s = c.in.x - n;
  add_flat(sum, c.w * (n + s * (T(1) - c.p[0])), c.w * (c.in.y + c.p[1] * s * s));
}

constexpr Parameter waves2_parameters[] = {{"waves2_scalex", 0, {0.5, 1.5}},
                                           {"waves2_scaley", 0, {0.5, 1.5}},
                                           {"waves2_freqx", {2, 0}, {0, 4}},
                                           {"waves2_freqy", {2, 0}, {0, 4}},
                                           {"waves2_scalez", 0, {0, 1.5}},
                                           {"waves2_freqz", 0, {0, 4}}};

template <class T>
void waves2(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x + c.p[0] * sin(c.p[2] * c.in.y), y = c.in.y + c.p[1] * sin(c.p[3] * c.in.x), z = c.in.z;
  if (c.p[4] != 0) z += c.p[4] * sin(c.p[5] * c.radius());
  add(sum, c.w * x, c.w * y, c.w * z);
}

constexpr Parameter waves2_3d_parameters[] = {{"waves2_3D_freq", 2, {0, 6}}, {"waves2_3D_scale", 1, {-2, 2}}};

template <class T>
void waves2_3d(const Call<T>& c, Point<T>& sum) {
  T frequency = c.p[0], scale = c.p[1];
  Vec<T> x = c.in.x + scale * sin(frequency * c.in.y), y = c.in.y + scale * sin(frequency * c.in.x);
  add(sum, c.w * x, c.w * y, c.w * (c.in.z + scale * sin(T(0.5) * frequency * (c.in.x + c.in.y))));
}

constexpr Parameter auger_parameters[] = {{"auger_sym", 0, {0, 1}},
                                          {"auger_weight", 0.5, {0.5, 1}},
                                          {"auger_freq", {5, 1}, {1, 5}},
                                          {"auger_scale", {0.1, 1}, {0, 1}}};

template <class T>
void auger(const Call<T>& c, Point<T>& sum) {
  T symmetry = c.p[0], weight = c.p[1], frequency = c.p[2], scale = c.p[3];
  Vec<T> x = c.in.x, y = c.in.y, s = sin(frequency * x), t = sin(frequency * y), dx, dy;
  if (c.dialect == Dialect::ember_1_0_0_14) {
    dx = weight * scale * t / (T(2) + abs(x) * t);
    dy = weight * scale * s / (T(2) + abs(y) * s);
  } else {
    dx = weight * t * (T(0.5) * scale + abs(x));
    dy = weight * s * (T(0.5) * scale + abs(y));
  }
  add_with_z(sum, c.w * (x + symmetry * dx), c.w * (y + dy), c);
}

constexpr Parameter mobius_strip_parameters[] = {{"mobius_strip_radius", 2, {0, 4}},
                                                 {"mobius_strip_width", 1, {0, 4}},
                                                 {"mobius_strip_rect_x", 2 * kHalfTurn, {0, 2 * kHalfTurn}},
                                                 {"mobius_strip_rect_y", 1, {0, 4}},
                                                 {"mobius_strip_rotate_x", 0, {0, 1}},
                                                 {"mobius_strip_rotate_y", 0, {0, 1}}};

// Derived: half the inverses of the rectangle's sides, sine and cosine of both turns.
inline void prepare_mobius_strip(double, Dialect, double* p) {
  for (int i = 0; i < 2; ++i) {
    double turn = 2 * kPi<double> * p[5 - i];
    p[6 + i] = p[2 + i] == 0 ? 0 : 0.5 / p[2 + i];
    p[8 + 2 * i] = ::sin(turn), p[9 + 2 * i] = ::cos(turn);
  }
}

template <class T>
void mobius_strip(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  auto place = [](Vec<T> v, T half_inverse, T side) {
    Vec<T> u = (v + side) * half_inverse;
    return u - floor(u);
  };
  Vec<T> t = p[6] == 0 ? Vec<T>(T(0)) : kPi<T> * place(c.in.x, p[6], p[2]);  // half the angle along the strip
  Vec<T> across = p[7] == 0 ? Vec<T>(T(0)) : p[1] * (T(2) * place(c.in.y, p[7], p[3]) - T(1));
  Vec<T> s, k;
  sincos(t, s, k);
  Vec<T> length = p[0] + across * k, x = length * (T(1) - T(2) * s * s), y = length * T(2) * s * k, z = across * s;
  turn<T>(y, z, -p[8], p[9]);
  turn<T>(x, z, p[10], p[11]);
  add_flat(sum, c.w * x, c.w * y);
}

}  // namespace bloom::BLOOM_ISA
