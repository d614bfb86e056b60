#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <cuda_runtime.h>

namespace argali::cuda {

/// The functions of cuBLASLt that products need, found by name when the program runs: builds need
/// neither its headers nor the library, and machines without it work. All return a status, 0 for
/// success. Source: the binary interface of cuBLASLt 12 and 13; tests hold a fake of it.
struct CublasLt {
    using Handle = struct CublasLtHandle*;
    using Descriptor = struct CublasLtDescriptor*;
    using Layout = struct CublasLtLayout*;
    using Preference = struct CublasLtPreference*;

    /// As the library fills it in; copied as it is.
    struct Algorithm {
        uint64_t data[8];
    };
    struct Candidate {
        Algorithm algorithm;
        size_t workspaceBytes;
        int status;
        float waves;
        int reserved[4];
    };

    enum ComputeType : int { Compute32F = 68, Compute32FPedantic = 69 };
    enum DataType : int { Real32F = 0, Real16F = 2, Real16BF = 14 };
    enum Operation : int { AsStored = 0, Transposed = 1 };
    enum DescriptorAttribute : int {
        TransposeA = 3,
        TransposeB = 4,
        EpilogueKind = 7,
        BiasPointer = 8,
        BiasType = 26
    };
    enum Epilogue : uint32_t {
        EpilogueNone = 1,
        EpilogueBias = 4,
        EpilogueGelu = 32,
        EpilogueGeluBias = 36
    };
    enum PreferenceAttribute : int {
        WorkspaceBytes = 1,
        ReductionSchemes = 3,
        AlignmentA = 5,
        AlignmentB = 6,
        AlignmentC = 7,
        AlignmentD = 8
    };
    enum ReductionScheme : uint32_t { ReduceInComputeType = 2 };

    size_t (*getVersion)() = nullptr;
    int (*create)(Handle* handle) = nullptr;
    int (*destroy)(Handle handle) = nullptr;
    int (*descriptorCreate)(Descriptor* descriptor, ComputeType compute, DataType scale) = nullptr;
    int (*descriptorDestroy)(Descriptor descriptor) = nullptr;
    int (*descriptorSet)(Descriptor descriptor, DescriptorAttribute attribute, const void* value,
                         size_t bytes) = nullptr;
    int (*layoutCreate)(Layout* layout, DataType type, uint64_t rows, uint64_t columns,
                        int64_t stride) = nullptr;
    int (*layoutDestroy)(Layout layout) = nullptr;
    int (*preferenceCreate)(Preference* preference) = nullptr;
    int (*preferenceDestroy)(Preference preference) = nullptr;
    int (*preferenceSet)(Preference preference, PreferenceAttribute attribute, const void* value,
                         size_t bytes) = nullptr;
    int (*heuristic)(Handle handle, Descriptor descriptor, Layout a, Layout b, Layout c, Layout d,
                     Preference preference, int wanted, Candidate* candidates,
                     int* found) = nullptr;
    int (*matmul)(Handle handle, Descriptor descriptor, const void* alpha, const void* a,
                  Layout aLayout, const void* b, Layout bLayout, const void* beta, const void* c,
                  Layout cLayout, void* d, Layout dLayout, const Algorithm* algorithm,
                  void* workspace, size_t workspaceBytes, cudaStream_t stream) = nullptr;

    /// "cuBLASLt 13.0.0".
    std::string name() const;

    /// The newest library installed, opened once; null without one, or with ARGALI_CUBLAS=off in
    /// the environment. Stays open until the program ends.
    static std::shared_ptr<const CublasLt> open();
};

} // namespace argali::cuda
