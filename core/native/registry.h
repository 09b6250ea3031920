// Every variation, once: its name, what it does before or after a sum, its parameters, its function.
#pragma once
#include "variations_3d.h"
#include "variations_blur.h"
#include "variations_classic.h"
#include "variations_complex.h"
#include "variations_folds.h"
#include "variations_hypercomplex.h"
#include "variations_julia.h"
#include "variations_polar.h"
#include "variations_tiles.h"

namespace bloom::BLOOM_ISA {

struct Entry {
  VariationInfo info;
  VariationFunctions functions;
};

using enum Form;

// Parameters stand beside their function as FUNCTION_parameters, what is derived from them as prepare_FUNCTION.
#define BLOOM_ENTRY(name, function, form, parameters, count, prepare) \
  Entry{{name, form, parameters, count, prepare}, {function<float>, function<double>}}
#define BLOOM_COUNT(array) int(sizeof array / sizeof *array)
#define BLOOM_PLAIN(name, function, form) BLOOM_ENTRY(name, function, form, nullptr, 0, nullptr)
#define BLOOM_WITH(name, function, form) BLOOM_ENTRY(name, function, form, function##_parameters, BLOOM_COUNT(function##_parameters), nullptr)
#define BLOOM_PREPARED(name, function, form) \
  BLOOM_ENTRY(name, function, form, function##_parameters, BLOOM_COUNT(function##_parameters), prepare_##function)

// The position of a variation here is its number in the flame buffer.
constexpr Entry kEntries[] = {
    // flam3's, in its order.
    BLOOM_PLAIN("linear", linear, replaces),
    BLOOM_PLAIN("sinusoidal", sinusoidal, replaces),
    BLOOM_PLAIN("spherical", spherical, replaces),
    BLOOM_PLAIN("swirl", swirl, replaces),
    BLOOM_PLAIN("horseshoe", horseshoe, replaces),
    BLOOM_PLAIN("polar", polar, replaces),
    BLOOM_PLAIN("handkerchief", handkerchief, flat),
    BLOOM_PLAIN("heart", heart, flat),
    BLOOM_PLAIN("disc", disc, replaces),
    BLOOM_PLAIN("spiral", spiral, replaces),
    BLOOM_PLAIN("hyperbolic", hyperbolic, replaces),
    BLOOM_PLAIN("diamond", diamond, flat),
    BLOOM_PLAIN("ex", ex, flat),
    BLOOM_PLAIN("julia", julia, flat),
    BLOOM_PLAIN("bent", bent, flat),
    BLOOM_PLAIN("waves", waves, flat),
    BLOOM_PLAIN("fisheye", fisheye, flat),
    BLOOM_PLAIN("popcorn", popcorn, flat),
    BLOOM_PLAIN("exponential", exponential, flat),
    BLOOM_PLAIN("power", power, flat),
    BLOOM_PLAIN("cosine", cosine, flat),
    BLOOM_PLAIN("rings", rings, flat),
    BLOOM_PLAIN("fan", fan, flat),
    BLOOM_WITH("blob", blob, flat),
    BLOOM_WITH("pdj", pdj, replaces),
    BLOOM_PREPARED("fan2", fan2, replaces),
    BLOOM_WITH("rings2", rings2, replaces),
    BLOOM_PLAIN("eyefish", eyefish, replaces),
    BLOOM_PLAIN("bubble", bubble, replaces),
    BLOOM_PLAIN("cylinder", cylinder, replaces),
    BLOOM_PREPARED("perspective", perspective, flat),
    BLOOM_PLAIN("noise", noise, replaces),
    BLOOM_PREPARED("julian", julian, replaces),
    BLOOM_PREPARED("juliascope", juliascope, replaces),
    BLOOM_PLAIN("blur", blur, adds),
    BLOOM_PLAIN("gaussian_blur", gaussian_blur, adds),
    BLOOM_PREPARED("radial_blur", radial_blur, replaces),
    BLOOM_WITH("pie", pie, adds),
    BLOOM_PREPARED("ngon", ngon, replaces),
    BLOOM_WITH("curl", curl, flat),
    BLOOM_WITH("rectangles", rectangles, replaces),
    BLOOM_PLAIN("arch", arch, adds),
    BLOOM_PLAIN("tangent", tangent, flat),
    BLOOM_PLAIN("square", square_blur, adds),
    BLOOM_PLAIN("rays", rays, flat),
    BLOOM_PLAIN("blade", blade, flat),
    BLOOM_PLAIN("secant2", secant2, flat),
    BLOOM_PLAIN("twintrian", twintrian, flat),
    BLOOM_PLAIN("cross", cross, replaces),
    BLOOM_PREPARED("disc2", disc2, flat),
    BLOOM_PREPARED("super_shape", super_shape, flat),
    BLOOM_WITH("flower", flower, flat),
    BLOOM_WITH("conic", conic, flat),
    BLOOM_WITH("parabola", parabola, flat),
    BLOOM_WITH("bent2", bent2, flat),
    BLOOM_WITH("bipolar", bipolar, replaces),
    BLOOM_PLAIN("boarders", boarders, flat),
    BLOOM_PLAIN("butterfly", butterfly, flat),
    BLOOM_PREPARED("cell", cell, flat),
    BLOOM_PREPARED("cpow", cpow, flat),
    BLOOM_PREPARED("curve", curve, flat),
    BLOOM_PLAIN("edisc", edisc, flat),
    BLOOM_PLAIN("elliptic", elliptic, flat),
    BLOOM_PREPARED("escher", escher, replaces),
    BLOOM_PLAIN("foci", foci, replaces),
    BLOOM_WITH("lazysusan", lazysusan, replaces),
    BLOOM_PLAIN("loonie", loonie, replaces),
    BLOOM_WITH("modulus", modulus, flat),
    BLOOM_WITH("oscilloscope", oscilloscope, flat),
    BLOOM_PLAIN("polar2", polar2, replaces),
    BLOOM_WITH("popcorn2", popcorn2, flat),
    BLOOM_PLAIN("scry", scry, flat),
    BLOOM_WITH("separation", separation, replaces),
    BLOOM_WITH("split", split, flat),
    BLOOM_WITH("splits", splits, replaces),
    BLOOM_WITH("stripes", stripes, flat),
    BLOOM_PREPARED("wedge", wedge, replaces),
    BLOOM_PREPARED("wedge_julia", wedge_julia, flat),
    BLOOM_PREPARED("wedge_sph", wedge_sph, flat),
    BLOOM_WITH("whorl", whorl, flat),
    BLOOM_WITH("waves2", waves2, replaces),
    BLOOM_PLAIN("exp", complex_exp, flat),
    BLOOM_PREPARED("log", complex_log, replaces),
    BLOOM_PLAIN("sin", complex_sin, flat),
    BLOOM_PLAIN("cos", complex_cos, flat),
    BLOOM_PLAIN("tan", complex_tan, flat),
    BLOOM_PLAIN("sec", complex_sec, flat),
    BLOOM_PLAIN("csc", complex_csc, flat),
    BLOOM_PLAIN("cot", complex_cot, flat),
    BLOOM_PLAIN("sinh", complex_sinh, flat),
    BLOOM_PLAIN("cosh", complex_cosh, flat),
    BLOOM_PLAIN("tanh", complex_tanh, flat),
    BLOOM_PLAIN("sech", complex_sech, flat),
    BLOOM_PLAIN("csch", complex_csch, flat),
    BLOOM_PLAIN("coth", complex_coth, flat),
    BLOOM_WITH("auger", auger, replaces),
    BLOOM_WITH("flux", flux, replaces),
    BLOOM_WITH("mobius", mobius, replaces),
    // Ember's further ones: of the plane, then of space.
    BLOOM_WITH("epispiral", epispiral, flat),
    BLOOM_WITH("blur_pixelize", blur_pixelize, replaces),
    BLOOM_WITH("blur_heart", blur_heart, adds),
    BLOOM_WITH("blocky", blocky, flat),
    BLOOM_PREPARED("poincare", poincare, flat),
    BLOOM_PREPARED("Truchet", truchet, flat),
    BLOOM_PREPARED("GlynnSim2", glynnsim2, flat),
    BLOOM_PREPARED("z", z_shapes, flat),
    BLOOM_WITH("crackle", crackle, flat),
    BLOOM_PLAIN("cylinder2", cylinder2, flat),
    BLOOM_PREPARED("mobius_strip", mobius_strip, flat),
    BLOOM_PLAIN("block", block, flat),
    BLOOM_WITH("swirl3", swirl3, flat),
    BLOOM_PREPARED("swirl3r", swirl3r, flat),
    BLOOM_PLAIN("linear3D", linear, replaces),
    BLOOM_PLAIN("flatten", flatten, sets_z),
    BLOOM_PLAIN("zscale", zscale, replaces),
    BLOOM_PLAIN("ztranslate", ztranslate, adds),
    BLOOM_PLAIN("zcone", zcone, sets_z),
    BLOOM_PLAIN("zblur", zblur, adds),
    BLOOM_PLAIN("blur3D", blur3d, adds),
    BLOOM_PLAIN("Spherical3D", spherical3d, replaces),
    BLOOM_PREPARED("curl3D", curl3d, replaces),
    BLOOM_WITH("disc3d", disc3d, replaces),
    BLOOM_PLAIN("hemisphere", hemisphere, replaces),
    BLOOM_WITH("bubble2", bubble2, replaces),
    BLOOM_PREPARED("julia3D", julia3d, replaces),
    BLOOM_PREPARED("julia3Dz", julia3dz, replaces),
    BLOOM_PREPARED("julia3Dq", julia3dq, replaces),
    BLOOM_PREPARED("julian3Dx", julian3dx, replaces),
    BLOOM_PLAIN("blade3D", blade3d, replaces),
    BLOOM_WITH("blob3D", blob3d, replaces),
    BLOOM_WITH("sphereblur", sphereblur, adds),
    BLOOM_PLAIN("sinusoidal3D", sinusoidal3d, replaces),
    BLOOM_PLAIN("foci_3D", foci_3d, replaces),
    BLOOM_PREPARED("popcorn2_3D", popcorn2_3d, flat),
    BLOOM_WITH("waves2_3D", waves2_3d, replaces),
    BLOOM_PLAIN("scry_3D", scry_3d, replaces),
    BLOOM_WITH("splits3D", splits3d, replaces),
    BLOOM_WITH("pie3D", pie3d, adds),
    BLOOM_PLAIN("loonie_3D", loonie_3d, replaces),
    BLOOM_WITH("ovoid3d", ovoid3d, replaces),
    BLOOM_PLAIN("roundspher3D", roundspher3d, flat),
    BLOOM_PLAIN("square3D", square3d, adds),
    BLOOM_PREPARED("SuperShape3D", supershape3d, adds),
    BLOOM_PREPARED("hypertile3D", hypertile3d, replaces),
    BLOOM_PREPARED("hypertile3D1", hypertile3d1, replaces),
    BLOOM_PREPARED("hypertile3D2", hypertile3d2, replaces),
    BLOOM_PREPARED("poincare3D", poincare3d, replaces),
    BLOOM_WITH("taurus", taurus, replaces),
    BLOOM_WITH("helix", helix, replaces),
    BLOOM_WITH("helicoid", helicoid, replaces),
    BLOOM_PLAIN("rotate_x", rotate_x, replaces),
    BLOOM_PLAIN("rotate_y", rotate_y, replaces),
    BLOOM_PLAIN("rotate_z", rotate_z, replaces),
    BLOOM_PLAIN("mirror_x", mirror_x, replaces),
    BLOOM_PLAIN("mirror_y", mirror_y, replaces),
    BLOOM_PLAIN("mirror_z", mirror_z, replaces),
    BLOOM_WITH("extrude", extrude, sets_z),
    BLOOM_WITH("sphyp3D", sphyp3d, replaces),
    BLOOM_PLAIN("sinq", sinq, replaces),
    BLOOM_PLAIN("cosq", cosq, replaces),
    BLOOM_PLAIN("tanq", tanq, replaces),
    BLOOM_WITH("mobiq", mobiq, replaces),
    BLOOM_WITH("spherivoid", spherivoid, replaces),
    BLOOM_WITH("linearT3D", lineart3d, replaces),
    BLOOM_WITH("depth", depth, replaces),
};
constexpr int kEntryCount = BLOOM_COUNT(kEntries);

#undef BLOOM_ENTRY
#undef BLOOM_COUNT
#undef BLOOM_PLAIN
#undef BLOOM_WITH
#undef BLOOM_PREPARED

}  // namespace bloom::BLOOM_ISA
