#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "cuda/cublaslt.h"

namespace argali::test {

/// A cuBLASLt that writes down what it is asked and computes nothing.
struct FakeCublasLt {
    using Lt = cuda::CublasLt;

    struct Layout {
        Lt::DataType type;
        uint64_t rows;
        uint64_t columns;
        int64_t stride;
    };
    struct Descriptor {
        Lt::ComputeType compute;
        Lt::DataType scale;
        std::map<int, std::vector<unsigned char>> attributes;

        template <typename T> T value(int attribute) const
        {
            T result{};
            const auto found = attributes.find(attribute);
            if (found != attributes.end() && found->second.size() == sizeof(T))
                std::memcpy(&result, found->second.data(), sizeof(T));
            return result;
        }
    };
    struct Call {
        Descriptor descriptor;
        Layout a, b, c, d;
        const void *aData, *bData, *cData, *dData;
        float alpha, beta;
        uint64_t algorithm;
        size_t workspaceBytes;
        const void* workspace;
        cudaStream_t stream;
    };

    std::vector<Call> calls;
    std::vector<Descriptor> asked;                  ///< the heuristic, with
    std::vector<std::map<int, uint64_t>> preferred; ///< these preferences
    int alive = 0; ///< handles, descriptors, layouts and preferences
    int createStatus = 0;
    int matmulStatus = 0;
    bool refusesAll = false;
    bool refusesEpilogues = false;

    /// What calls go to.
    static FakeCublasLt& instance()
    {
        static FakeCublasLt fake;
        return fake;
    }
    static std::shared_ptr<const Lt> functions();
};

} // namespace argali::test
