#pragma once

#include <cuda_runtime.h>

#include "cuda/launch.h"

namespace argali::cuda {

/// More are not sorted on a card: their caller takes all logits.
constexpr int64_t mostLikeliest = 1024;

/// One block for each part of so many candidates.
Launch likeliestLaunch(int64_t candidates);

/// How many 8-byte words of scratch likeliestOfRow() needs.
int64_t likeliestScratch(int64_t count, int64_t kept);

/// The kept largest logits and their places, largest first and of equals the first place first.
/// Parts are sorted and their best sorted again, until one part is left. The first place is -1 when
/// a logit is NaN or infinitely large; behind the count of logits places are -1 too.
/// Shape:  logits [count]; values, places [kept]; scratch [likeliestScratch(count, kept)]
/// Throws: Error::Code::Internal for more than mostLikeliest, or more logits than int32_t counts
void likeliestOfRow(float* values, int32_t* places, const float* logits, int64_t count,
                    int64_t kept, uint64_t* scratch, cudaStream_t stream);

} // namespace argali::cuda
