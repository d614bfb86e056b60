#pragma once

#include "engine/backend.h"

// Whether the tensors of an operation fit together; the same for every backend. Each function
// throws Error::Code::Internal with the types and shapes when they do not.

namespace argali::checks {

void upload(const Tensor& out, const Tensor& host);
void table(const Tensor& host);
void logits(const Tensor& logits);
void linearSource(const LinearSource& source);
void gather(const Tensor& out, const Tensor& table, const Tensor& ids);
void copy(const Tensor& out, const Tensor& x);
/// outputs: columns of out, which are half of those of w when gates are folded.
void linear(const char* operation, const Tensor& out, const Tensor& x, const LinearWeight& w,
            int64_t outputs);
void normLinear(const char* operation, const Tensor& x, const Norm& norm, const LinearWeight& w);
void norm(const Tensor& out, const Tensor& x, const Norm& norm);
void normGateUp(const Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w);
void length(const DecodeState& state);
/// q [T, H, C] and a cache [G, capacity, C].
void cache(const char* operation, const Tensor& q, const KvLayer& cache);
void headNormRopeAppend(const Tensor& q, const KvLayer& cache, const Tensor& qkv,
                        const HeadNorms& norms, const Rope& rope);
void attend(const Tensor& out, const Tensor& q, const KvLayer& cache);
void patchify(const Tensor& out, const Tensor& image, const PatchLayout& layout);
/// The side of the square table.
int64_t resizePositions(const Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                        int64_t merge);
void addPositions(const Tensor& x, const Tensor& positions);
void ropePatches(const Tensor& qkv, int64_t heads, int64_t rows, int64_t columns, int64_t merge);
void attendFrames(const Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches);
void softEmbed(const Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
               const Tensor& table);

void activate(const Tensor& x);
void gateUp(const Tensor& out, const Tensor& gateUp);

} // namespace argali::checks
