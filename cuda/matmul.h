#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <cuda_runtime.h>

#include "cuda/cublaslt.h"
#include "cuda/kernels/operand.h"
#include "cuda/kernels/product.h"

namespace argali::cuda {

/// Matrix products of many rows on one card: by cuBLASLt where it is installed and has an
/// algorithm, else by the kernels of gemm.h. How a product is done is decided at its first call and
/// kept. Thread: the engine's. Enqueues on its stream; allocates only when made.
class Matmul final {
public:
    /// library: null when there is none.
    /// Throws: Error::Code::OutOfMemory for the workspace
    Matmul(int device, cudaStream_t stream,
           std::shared_ptr<const CublasLt> library = CublasLt::open());
    ~Matmul();
    Matmul(const Matmul&) = delete;
    Matmul& operator=(const Matmul&) = delete;

    bool usesLibrary() const;
    /// "cuBLASLt 13.0.0" or "own kernels": for reports.
    std::string name() const;

    /// The same as gemm() of gemm.h.
    void multiply(Out out, In x, In w, const ProductShape& shape, const Finish& finish,
                  int64_t outStride);
    /// The same as gemmTable() of gemm.h.
    void multiplyTable(Out out, In p, In table, int64_t rows, int64_t outputs, int64_t inputs,
                       int64_t pStride);

private:
    struct Product;
    struct Plan;
    using Key = std::array<int64_t, 13>;

    Plan& planFor(const Product& product);
    std::unique_ptr<Plan> findPlan(const Product& product) const;
    bool tryLibrary(const Product& product);

    cudaStream_t m_stream;
    std::shared_ptr<const CublasLt> m_library;
    CublasLt::Handle m_handle = nullptr;
    unsigned char* m_workspace = nullptr;
    std::map<Key, std::unique_ptr<Plan>> m_plans;
};

} // namespace argali::cuda
