#pragma once

#include <string>
#include <vector>

#include "engine/backend.h"

namespace argali {

/// Neighbouring rows of a matrix.
struct RowRange {
    int64_t begin = 0;
    int64_t count = 0;
};

/// One matrix of a linear layer by the names of its tensors. A weight of more than two dimensions
/// (a convolution whose kernel is its stride) is one row per output.
struct LinearPart {
    std::string weight;
    Shape shape;
    std::string bias{};           ///< empty: none
    std::vector<RowRange> rows{}; ///< which rows, in which order; empty: all
    std::string scale{};          ///< a factor for each output, of weight and bias; empty: none
};

/// What a backend was given, and what it was made of. An adapter finds here where its changes go.
struct LoadedWeight {
    enum class Kind {
        Product,      ///< a linear layer, whose outputs may be added to
        WholeProduct, ///< one whose outputs nobody sees: a changed one takes its place
        Floats,       ///< a vector or a small table, used as it is
        Table,        ///< rows that are picked by number
        Derived       ///< made into something else at once, so that nothing can take its place
    };
    Kind kind = Kind::Product;
    const void* made = nullptr;      ///< the LinearWeight, or the first element of the tensor
    Backend* op = nullptr;           ///< whose it is
    bool ofLanguage = false;         ///< no part of what becomes of pictures
    std::vector<LinearPart> parts{}; ///< of a product
    std::string name{};              ///< of everything else
    Shape shape{};
};

using LoadedWeights = std::vector<LoadedWeight>;

} // namespace argali
