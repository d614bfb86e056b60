#include "engine/cards.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "engine/log.h"

namespace argali {

namespace {

Cards openFile(const std::filesystem::path& file)
{
    // It stays open: what it made may outlive every place that could close it.
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return {nullptr,
                std::string("the module for NVIDIA cards cannot be opened (") + dlerror() + ")"};
    const auto entry = reinterpret_cast<CudaModuleEntry>(dlsym(library, "argaliCudaModule"));
    const CudaModule* const module = entry != nullptr ? entry(ARGALI_VERSION) : nullptr;
    if (module == nullptr)
        return {nullptr, file.string() + " belongs to another version of this program"};
    return {module, {}};
}

Cards openModule()
{
    if (const char* const chosen = std::getenv("ARGALI_CUDA_MODULE");
        chosen != nullptr && *chosen != '\0')
        return chosen == std::string_view("off") ? Cards{nullptr, "ARGALI_CUDA_MODULE is off"}
                                                 : openFile(chosen);
    std::error_code failure;
    const std::filesystem::path program =
        std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
    constexpr const char* name = "libargali_cuda.so";
    for (const std::filesystem::path& folder : {program, program / "../lib/argali"}) {
        const std::filesystem::path file = folder / name;
        if (std::filesystem::exists(file, failure))
            return openFile(file);
    }
    return {nullptr, "this build has no module for NVIDIA cards"};
}

} // namespace

const Cards& cards()
{
    static const Cards instance = [] {
        Cards opened = openModule();
        if (!opened.problem.empty())
            log(LogLevel::Info, "no NVIDIA card is used: " + opened.problem);
        return opened;
    }();
    return instance;
}

} // namespace argali
