#include "tests/cuda/fakecublaslt.h"

namespace argali::test {

namespace {

using Lt = cuda::CublasLt;
using Preference = std::map<int, uint64_t>;

FakeCublasLt& fake()
{
    return FakeCublasLt::instance();
}

template <typename T, typename Handle> T& at(Handle handle)
{
    return *reinterpret_cast<T*>(handle);
}

template <typename T, typename Handle> int make(Handle* handle, T value)
{
    *handle = reinterpret_cast<Handle>(new T(std::move(value)));
    ++fake().alive;
    return 0;
}

template <typename T, typename Handle> int destroy(Handle handle)
{
    delete reinterpret_cast<T*>(handle);
    --fake().alive;
    return 0;
}

int set(Lt::Descriptor descriptor, Lt::DescriptorAttribute attribute, const void* value,
        size_t bytes)
{
    const size_t expected = attribute == Lt::BiasPointer ? 8 : 4;
    if (bytes != expected)
        return 7;
    const auto* const data = static_cast<const unsigned char*>(value);
    at<FakeCublasLt::Descriptor>(descriptor).attributes[attribute].assign(data, data + bytes);
    return 0;
}

int prefer(Lt::Preference preference, Lt::PreferenceAttribute attribute, const void* value,
           size_t bytes)
{
    if (bytes != (attribute == Lt::WorkspaceBytes ? 8U : 4U))
        return 7;
    uint64_t number = 0;
    std::memcpy(&number, value, bytes); // little endian, as all machines with such cards
    at<Preference>(preference)[attribute] = number;
    return 0;
}

int choose(Lt::Handle, Lt::Descriptor descriptor, Lt::Layout, Lt::Layout, Lt::Layout, Lt::Layout,
           Lt::Preference preference, int, Lt::Candidate* candidates, int* found)
{
    const auto& asked = at<FakeCublasLt::Descriptor>(descriptor);
    fake().asked.push_back(asked);
    fake().preferred.push_back(at<Preference>(preference));
    const bool epilogue = asked.value<uint32_t>(Lt::EpilogueKind) > Lt::EpilogueNone;
    *found = 0;
    if (fake().refusesAll || (fake().refusesEpilogues && epilogue))
        return 15;
    candidates[0] = {};
    candidates[0].algorithm.data[0] = 100 + fake().asked.size();
    *found = 1;
    return 0;
}

int multiply(Lt::Handle, Lt::Descriptor descriptor, const void* alpha, const void* a,
             Lt::Layout aLayout, const void* b, Lt::Layout bLayout, const void* beta, const void* c,
             Lt::Layout cLayout, void* d, Lt::Layout dLayout, const Lt::Algorithm* algorithm,
             void* workspace, size_t workspaceBytes, cudaStream_t stream)
{
    const auto layout = [](Lt::Layout l) { return at<FakeCublasLt::Layout>(l); };
    fake().calls.push_back({at<FakeCublasLt::Descriptor>(descriptor), layout(aLayout),
                            layout(bLayout), layout(cLayout), layout(dLayout), a, b, c, d,
                            *static_cast<const float*>(alpha), *static_cast<const float*>(beta),
                            algorithm->data[0], workspaceBytes, workspace, stream});
    return fake().matmulStatus;
}

} // namespace

std::shared_ptr<const Lt> FakeCublasLt::functions()
{
    auto lt = std::make_shared<Lt>();
    lt->getVersion = [] { return size_t{130002}; };
    lt->create = [](Lt::Handle* handle) {
        return fake().createStatus != 0 ? fake().createStatus : make<int>(handle, 0);
    };
    lt->destroy = destroy<int, Lt::Handle>;
    lt->descriptorCreate = [](Lt::Descriptor* descriptor, Lt::ComputeType compute,
                              Lt::DataType scale) {
        return make<Descriptor>(descriptor, {compute, scale, {}});
    };
    lt->descriptorDestroy = destroy<Descriptor, Lt::Descriptor>;
    lt->descriptorSet = set;
    lt->layoutCreate = [](Lt::Layout* layout, Lt::DataType type, uint64_t rows, uint64_t columns,
                          int64_t stride) {
        return make<Layout>(layout, {type, rows, columns, stride});
    };
    lt->layoutDestroy = destroy<Layout, Lt::Layout>;
    lt->preferenceCreate = [](Lt::Preference* preference) {
        return make<Preference>(preference, {});
    };
    lt->preferenceDestroy = destroy<Preference, Lt::Preference>;
    lt->preferenceSet = prefer;
    lt->heuristic = choose;
    lt->matmul = multiply;
    return lt;
}

} // namespace argali::test
