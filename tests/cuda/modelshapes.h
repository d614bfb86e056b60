#pragma once

#include <array>
#include <cstdint>
#include <vector>

// The dimensions of the models that `bench --synthetic` knows by name, as far as kernels see them.

namespace argali::test {

struct Decoder {
    int64_t width; ///< D
    int64_t heads;
    int64_t groups;
    int64_t headWidth;
    int64_t feedForward;
    int64_t vocabulary;
};

struct Encoder {
    int64_t width = 0; ///< V; 0: the model has none
    int64_t heads = 0;
    int64_t headWidth = 0;
    int64_t feedForward = 0;
    int64_t patch = 0;
    int64_t framePatches = 0;     ///< of the largest picture or tile, with the class row
    int64_t frames = 0;           ///< of a picture: tiles with the thumbnail
    int64_t projectorInputs = 0;  ///< a merged row
    int64_t visualVocabulary = 0; ///< columns of the visual head; 0: it has none
    int64_t visualRows = 0;       ///< of its table
};

struct Model {
    const char* name;
    Decoder decoder;
    Encoder encoder;
};

// Pictures of 1792 x 1792 are 112 x 112 patches of 16 pixels.
inline constexpr Encoder siglip{1152, 16, 72, 4304, 16, 112 * 112, 1, 4608, 65532, 65536};
inline constexpr Encoder clip{1024, 16, 64, 4096, 14, 577, 1, 1024};
inline constexpr Encoder internVit{1024, 16, 64, 4096, 14, 1025, 13, 4096};

inline constexpr std::array models{
    Model{"ovis2.5-2b", {2048, 16, 8, 128, 6144, 151936}, siglip},
    Model{"ovis2.5-9b", {4096, 32, 8, 128, 12288, 151936}, siglip},
    Model{"llava-1.5-7b", {4096, 32, 32, 128, 11008, 32064}, clip},
    Model{"internvl2-1b", {896, 14, 2, 64, 4864, 151655}, internVit},
    Model{"internvl2-2b", {2048, 16, 8, 128, 8192, 92553}, internVit},
    Model{"internvl2-8b", {4096, 32, 8, 128, 14336, 92553}, internVit},
    Model{"chatglm2-6b", {4096, 32, 2, 128, 13696, 65024}, {}},
};

/// Rows of weights and columns of them, [N, K].
struct Matrix {
    int64_t outputs;
    int64_t inputs;
};

inline std::vector<Matrix> decoderMatrices(const Decoder& d)
{
    return {{(d.heads + 2 * d.groups) * d.headWidth, d.width},
            {d.width, d.heads * d.headWidth},
            {2 * d.feedForward, d.width},
            {d.feedForward, d.width},
            {d.width, d.feedForward},
            {d.vocabulary, d.width}};
}

inline std::vector<Matrix> encoderMatrices(const Encoder& e, const Decoder& d)
{
    if (e.width == 0)
        return {};
    std::vector<Matrix> matrices{{e.width, 3 * e.patch * e.patch},
                                 {3 * e.width, e.width},
                                 {e.width, e.width},
                                 {e.feedForward, e.width},
                                 {e.width, e.feedForward},
                                 {d.width, e.projectorInputs},
                                 {d.width, d.width}};
    if (e.visualVocabulary > 0) {
        matrices.push_back({e.visualVocabulary, e.projectorInputs});
        matrices.push_back({d.width, e.visualRows});
    }
    return matrices;
}

} // namespace argali::test
