// Every variation, once: its name, its parameters (defaults for Ember 25, Ember 1.0.0.14, flam3), its function.
#pragma once
#include "variations_ember.h"
#include "variations_flam3.h"

namespace bloom::BLOOM_ISA {

struct Entry {
  VariationInfo info;
  VariationFunction<float> in_float;
  VariationFunction<double> in_double;
  void (*prepare)(double weight, Dialect dialect, double* p);
};

using enum ParameterKind;
constexpr double kEpsilon = 2.2204460492503131e-16, kAny = 1e300, kTurn = 3.14159265358979323846;

constexpr Parameter kBlob[] = {{"blob_low", {0, 0, 0}}, {"blob_high", {1, 1, 1}}, {"blob_waves", {1, 1, 1}}};
constexpr Parameter kPdj[] = {{"pdj_a", {0, 0, 0}}, {"pdj_b", {0, 0, 0}}, {"pdj_c", {0, 0, 0}}, {"pdj_d", {0, 0, 0}}};
constexpr Parameter kFan2[] = {{"fan2_x", {0.707106781186547524, 0.707106781186547524, 0}}, {"fan2_y", {-0.707106781186547524, -0.707106781186547524, 0}}};
constexpr Parameter kRings2[] = {{"rings2_val", {1, 1, 0}}};
constexpr Parameter kCurl[] = {{"curl_c1", {1, 1, 1}}, {"curl_c2", {0, 0, 0}}};
constexpr Parameter kOscilloscope[] = {{"oscilloscope_separation", {1, 1, 1}}, {"oscilloscope_frequency", {kTurn, kTurn, kTurn}},
                                       {"oscilloscope_amplitude", {1, 1, 1}}, {"oscilloscope_damping", {0, 0, 0}}};
constexpr Parameter kAuger[] = {{"auger_sym", {0, 0, 0}}, {"auger_weight", {0.5, 0.5, 0.5}}, {"auger_freq", {5, 5, 1}}, {"auger_scale", {0.1, 0.1, 1}}};
constexpr Parameter kWaves2[] = {{"waves2_scalex", {0, 0, 0}}, {"waves2_scaley", {0, 0, 0}}, {"waves2_freqx", {2, 2, 0}},
                                 {"waves2_freqy", {2, 2, 0}}, {"waves2_scalez", {0, 0, 0}}, {"waves2_freqz", {0, 0, 0}}};
constexpr Parameter kEpispiral[] = {{"epispiral_n", {6, 6, 6}}, {"epispiral_thickness", {0, 0, 0}}, {"epispiral_holes", {1, 1, 1}}};
constexpr Parameter kBlurPixelize[] = {{"blur_pixelize_size", {0.1, 0.1, 0.1}, real, kEpsilon, kAny}, {"blur_pixelize_scale", {1, 1, 1}}};
constexpr Parameter kBlurHeart[] = {{"blur_heart_p", {0.5, 0.5, 0.5}}, {"blur_heart_a", {-0.6, -0.6, -0.6}}, {"blur_heart_b", {0.7, 0.7, 0.7}}};
constexpr Parameter kBlocky[] = {{"blocky_x", {1, 1, 1}}, {"blocky_y", {1, 1, 1}}, {"blocky_mp", {4, 4, 4}, real_nonzero}};
constexpr Parameter kPoincare[] = {{"poincare_c1r", {1, 1, 1}}, {"poincare_c1a", {-1, -1, -1}, cyclic, -kTurn, kTurn},
                                   {"poincare_c2r", {1, 1, 1}}, {"poincare_c2a", {1, 1, 1}, cyclic, -kTurn, kTurn}};
constexpr Parameter kTruchet[] = {{"Truchet_extended", {1, 0, 1}}, {"Truchet_exponent", {2, 2, 2}, real_nonzero, 0.001, 2},
                                  {"Truchet_arc_width", {0.5, 0.5, 0.5}, real_nonzero, 0.001, 1}, {"Truchet_rotation", {0, 0, 0}},
                                  {"Truchet_size", {1, 1, 1}, real, 0.001, kAny}, {"Truchet_seed", {50, 50, 50}}};
constexpr Parameter kGlynnSim2[] = {{"GlynnSim2_radius", {1, 1, 1}, real, 0, kAny}, {"GlynnSim2_thickness", {0.1, 0.1, 0.1}, real, 0, 1},
                                    {"GlynnSim2_contrast", {0.5, 0.5, 0.5}, real, 0, 1}, {"GlynnSim2_pow", {1.5, 1.5, 1.5}},
                                    {"GlynnSim2_Phi1", {0, 0, 0}}, {"GlynnSim2_Phi2", {360, 360, 360}}};
constexpr Parameter kZ[] = {{"z_hypergon", {0, 0, 0}}, {"z_hypergon_n", {4, 4, 4}, integer, 3, kAny}, {"z_hypergon_r", {1, 1, 1}},
                            {"z_star", {0, 0, 0}}, {"z_star_n", {5, 5, 5}, integer, 3, kAny},
                            {"z_star_slope", {1.57079632679489662, 1.57079632679489662, 1.57079632679489662}, real, kEpsilon, 1.57079632679489662},
                            {"z_lituus", {0, 0, 0}}, {"z_lituus_a", {1, 1, 1}}, {"z_super", {0, 0, 0}}, {"z_super_m", {1, 1, 1}},
                            {"z_super_n1", {1, 1, 1}, real_nonzero}, {"z_super_n2", {1, 1, 1}}, {"z_super_n3", {1, 1, 1}}};
constexpr Parameter kCrackle[] = {{"crackle_cellsize", {1, 1, 1}, real, 0.0001, kAny}, {"crackle_power", {0.2, 0.2, 0.2}},
                                  {"crackle_distort", {0, 0, 0}}, {"crackle_scale", {1, 1, 1}}, {"crackle_z", {0, 0, 0}}};
constexpr Parameter kTaurus[] = {{"taurus_r", {3, 3, 3}}, {"taurus_n", {5, 5, 5}}, {"taurus_inv", {1.5, 1.5, 1.5}}, {"taurus_sor", {1, 1, 1}}};
constexpr Parameter kJulia3D[] = {{"julia3D_power", {2, 2, 2}, integer_nonzero}};

#define BLOOM_PLAIN(name, function) Entry{{name, nullptr, 0}, function<float>, function<double>, nullptr}
#define BLOOM_WITH(name, function, parameters) \
  Entry{{name, parameters, int(sizeof parameters / sizeof *parameters)}, function<float>, function<double>, nullptr}
#define BLOOM_PREPARED(name, function, parameters, prepare) \
  Entry{{name, parameters, int(sizeof parameters / sizeof *parameters)}, function<float>, function<double>, prepare}

// The position of a variation here is its number in the flame buffer: add at the end.
constexpr Entry kEntries[] = {
    BLOOM_PLAIN("linear", linear),
    BLOOM_PLAIN("sinusoidal", sinusoidal),
    BLOOM_PLAIN("spherical", spherical),
    BLOOM_PLAIN("swirl", swirl),
    BLOOM_PLAIN("horseshoe", horseshoe),
    BLOOM_PLAIN("polar", polar),
    BLOOM_PLAIN("handkerchief", handkerchief),
    BLOOM_PLAIN("heart", heart),
    BLOOM_PLAIN("disc", disc),
    BLOOM_PLAIN("spiral", spiral),
    BLOOM_PLAIN("hyperbolic", hyperbolic),
    BLOOM_PLAIN("diamond", diamond),
    BLOOM_PLAIN("ex", ex),
    BLOOM_PLAIN("julia", julia),
    BLOOM_PLAIN("bent", bent),
    BLOOM_PLAIN("waves", waves),
    BLOOM_PLAIN("fisheye", fisheye),
    BLOOM_PLAIN("popcorn", popcorn),
    BLOOM_PLAIN("exponential", exponential),
    BLOOM_PLAIN("power", power),
    BLOOM_PLAIN("cosine", cosine),
    BLOOM_PLAIN("rings", rings),
    BLOOM_PLAIN("fan", fan),
    BLOOM_WITH("blob", blob, kBlob),
    BLOOM_WITH("pdj", pdj, kPdj),
    BLOOM_WITH("fan2", fan2, kFan2),
    BLOOM_WITH("rings2", rings2, kRings2),
    BLOOM_PLAIN("eyefish", eyefish),
    BLOOM_PLAIN("bubble", bubble),
    BLOOM_PLAIN("cylinder", cylinder),
    BLOOM_PLAIN("gaussian_blur", gaussian_blur),
    BLOOM_WITH("curl", curl, kCurl),
    BLOOM_PLAIN("arch", arch),
    BLOOM_PLAIN("cross", cross),
    BLOOM_PLAIN("butterfly", butterfly),
    BLOOM_WITH("oscilloscope", oscilloscope, kOscilloscope),
    BLOOM_PLAIN("sec", sec),
    BLOOM_WITH("auger", auger, kAuger),
    BLOOM_WITH("waves2", waves2, kWaves2),
    BLOOM_WITH("epispiral", epispiral, kEpispiral),
    BLOOM_WITH("blur_pixelize", blur_pixelize, kBlurPixelize),
    BLOOM_WITH("blur_heart", blur_heart, kBlurHeart),
    BLOOM_WITH("blocky", blocky, kBlocky),
    BLOOM_PREPARED("poincare", poincare, kPoincare, prepare_poincare),
    BLOOM_PREPARED("Truchet", truchet, kTruchet, prepare_truchet),
    BLOOM_WITH("GlynnSim2", glynnsim2, kGlynnSim2),
    BLOOM_WITH("z", z, kZ),
    BLOOM_WITH("crackle", crackle, kCrackle),
    BLOOM_WITH("taurus", taurus, kTaurus),
    BLOOM_PLAIN("flatten", flatten),
    BLOOM_PLAIN("zcone", zcone),
    BLOOM_PLAIN("ztranslate", ztranslate),
    BLOOM_PLAIN("zblur", zblur),
    BLOOM_PREPARED("julia3D", julia3d, kJulia3D, prepare_julia3d),
    BLOOM_PLAIN("linear3D", linear),
};
constexpr int kEntryCount = sizeof kEntries / sizeof *kEntries;

#undef BLOOM_PLAIN
#undef BLOOM_WITH
#undef BLOOM_PREPARED

}  // namespace bloom::BLOOM_ISA
