#include "cuda/cublaslt.h"

#include <cstdlib>
#include <string_view>

#include <dlfcn.h>

#include <libraries.h>

#include "engine/log.h"

namespace argali::cuda {

namespace {

/// Fills all functions in; the name of one that the library lacks, or nothing.
std::string findAll(CublasLt& functions, void* library)
{
    std::string missing;
    const auto find = [&](auto& function, const char* name) {
        void* const address = dlsym(library, name);
        if (address == nullptr)
            missing = name;
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(address);
    };
    find(functions.getVersion, "cublasLtGetVersion");
    find(functions.create, "cublasLtCreate");
    find(functions.destroy, "cublasLtDestroy");
    find(functions.descriptorCreate, "cublasLtMatmulDescCreate");
    find(functions.descriptorDestroy, "cublasLtMatmulDescDestroy");
    find(functions.descriptorSet, "cublasLtMatmulDescSetAttribute");
    find(functions.layoutCreate, "cublasLtMatrixLayoutCreate");
    find(functions.layoutDestroy, "cublasLtMatrixLayoutDestroy");
    find(functions.preferenceCreate, "cublasLtMatmulPreferenceCreate");
    find(functions.preferenceDestroy, "cublasLtMatmulPreferenceDestroy");
    find(functions.preferenceSet, "cublasLtMatmulPreferenceSetAttribute");
    find(functions.heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(functions.matmul, "cublasLtMatmul");
    return missing;
}

std::shared_ptr<const CublasLt> openFirst()
{
    const char* const wanted = std::getenv("ARGALI_CUBLAS");
    if (wanted != nullptr && std::string_view(wanted) == "off") {
        log(LogLevel::Info, "cuBLASLt is switched off; products use own kernels");
        return nullptr;
    }
    for (const char* const name : cublasLtNames) {
        void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr)
            continue;
        auto functions = std::make_shared<CublasLt>();
        const std::string missing = findAll(*functions, library);
        if (missing.empty())
            return functions; // never closed: it starts threads and keeps state of the card
        log(LogLevel::Warning, std::string(name) + " has no function " + missing);
        dlclose(library);
    }
    log(LogLevel::Info, "cuBLASLt is not installed; products use own kernels");
    return nullptr;
}

} // namespace

std::string CublasLt::name() const
{
    const size_t version = getVersion();
    return "cuBLASLt " + std::to_string(version / 10000) + "." +
           std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

std::shared_ptr<const CublasLt> CublasLt::open()
{
    static const std::shared_ptr<const CublasLt> instance = openFirst();
    return instance;
}

} // namespace argali::cuda
