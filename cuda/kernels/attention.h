#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"

// Attention of a decoder over its cache and of a vision encoder within frames; Backend::attend and
// Backend::attendFrames of engine/backend.h. Elements of all operands of a call have one type,
// heads have at most attentionWidthLimit columns; statistics and sums are f32. Widths that are
// multiples of 8 run on the tensor cores in f16 and bf16, all else without them.

namespace argali::cuda {

constexpr int64_t attentionWidthLimit = 256;

/// One call of Backend::attend.
struct AttentionShape {
    int64_t tokens = 0; ///< T
    int64_t heads = 0;  ///< H
    int64_t groups = 0; ///< G
    int64_t width = 0;  ///< C
    int64_t capacity = 0;
};

/// One block for 64 queries of a head, or for 4 where no tensor cores are used; the grid does not
/// depend on the length.
Launch attendPromptLaunch(const AttentionShape& shape, DType type);

/// Causal attention of any number of tokens: query t sees keys 0 .. length + t.
/// Shape:  q [T, H, C], keys and values [G, capacity, C], length [1] in the card's memory -> out
/// [T, H, C] Throws: Error::Code::Internal for types that differ or heads that are too wide Source:
/// arXiv:2307.08691, algorithm 1 (FlashAttention-2, forward)
void attendPrompt(Out out, In q, In keys, In values, const AttentionShape& shape,
                  const int32_t* length, cudaStream_t stream);

/// Parts into which the cache is divided for few tokens.
int64_t attendStepSplits(int64_t capacity);
/// Floats of scratch memory that attendStep() needs; they need not be initialised.
int64_t attendStepScratchFloats(const AttentionShape& shape);
/// Counters that attendStep() needs; they are zero before the first call and after every call.
int64_t attendStepCounters(const AttentionShape& shape);

/// One block for a part of the keys of a head and up to 16 rows, so that one token's keys and
/// values are read once for all query heads that share them; the grid does not depend on the
/// length.
Launch attendStepLaunch(const AttentionShape& shape, DType type);

/// The same as attendPrompt() for few tokens (1 to 8), bound by reading keys and values: the parts
/// of the cache are read by many blocks, and the last of them puts the results together. The
/// weights of values stay in f32. Source: https://crfm.stanford.edu/2023/10/12/flashdecoding.html
void attendStep(Out out, In q, In keys, In values, const AttentionShape& shape,
                const int32_t* length, float* scratch, uint32_t* counters, cudaStream_t stream);

/// As attendPromptLaunch(), for the patches of each frame.
Launch attendFramesLaunch(int64_t patches, int64_t heads, int64_t width, int64_t framePatches,
                          DType type);

/// Attention without a mask among the patches of each frame.
/// Shape:  qkv [P, 3 H C], columns q, k, v; P a multiple of framePatches -> out [P, H C]
void attendFrames(Out out, In qkv, int64_t patches, int64_t heads, int64_t width,
                  int64_t framePatches, cudaStream_t stream);

} // namespace argali::cuda
