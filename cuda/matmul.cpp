#include "cuda/matmul.h"

#include <utility>

#include "cuda/check.h"
#include "cuda/kernels/gemm.h"
#include "engine/error.h"
#include "engine/log.h"

namespace argali::cuda {

namespace {

constexpr int64_t workspaceBytes = int64_t{32} << 20;
/// Behind it: a bias rounded to the type of out, which is what the library adds.
constexpr int64_t biasBytes = int64_t{1} << 20;

CublasLt::DataType dataType(DType type)
{
    switch (type) {
    case DType::F32:
        return CublasLt::Real32F;
    case DType::F16:
        return CublasLt::Real16F;
    case DType::BF16:
        return CublasLt::Real16BF;
    default:
        throw Error(Error::Code::Internal, std::string("no product of ") + nameOf(type));
    }
}

/// The largest power of two, up to 256, that an address is a multiple of.
uint32_t alignmentOf(const void* address)
{
    uint32_t bytes = 256;
    while (reinterpret_cast<uintptr_t>(address) % bytes != 0)
        bytes /= 2;
    return bytes;
}

/// Destroys what the library made, whatever happens.
template <typename T> struct Owned {
    T value = nullptr;
    int (*destroy)(T) = nullptr;

    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned()
    {
        if (value != nullptr)
            destroy(value);
    }
};

} // namespace

/// One call. The library works by columns, so a row of ours is a column of its, and it computes
/// out^T = op(w) x^T: its A is w or the table, its B is x.
struct Matmul::Product {
    Out out;
    In x;
    In w;
    ProductShape shape;
    Finish finish;
    int64_t xStride;
    int64_t outStride;
    bool table; ///< w is [inputs, outputs] by rows

    Key key() const
    {
        return {shape.rows,
                shape.outputs,
                shape.inputs,
                xStride,
                outStride,
                static_cast<int64_t>(x.type),
                static_cast<int64_t>(out.type),
                (finish.bias != nullptr ? 1 : 0) + (finish.add ? 2 : 0) + (table ? 4 : 0),
                static_cast<int64_t>(finish.activation),
                alignmentOf(w.data),
                alignmentOf(x.data),
                alignmentOf(out.data),
                alignmentOf(finish.bias)};
    }
};

/// How the library does one product.
struct Matmul::Plan {
    bool usesLibrary = false; ///< else there is no algorithm
    bool finishes = false;    ///< bias and activation are part of it; else they follow
    Owned<CublasLt::Descriptor> descriptor;
    Owned<CublasLt::Layout> a;
    Owned<CublasLt::Layout> b;
    Owned<CublasLt::Layout> c;
    CublasLt::Algorithm algorithm{};

    bool prepare(const CublasLt& library, CublasLt::Handle handle, const Product& product,
                 const void* roundedBias);

private:
    bool describe(const CublasLt& library, const Product& product, const void* roundedBias);
    bool choose(const CublasLt& library, CublasLt::Handle handle, const Product& product);
};

bool Matmul::Plan::describe(const CublasLt& library, const Product& product,
                            const void* roundedBias)
{
    const auto& [rows, outputs, inputs] = product.shape;
    const CublasLt::DataType type = dataType(product.x.type);
    const CublasLt::DataType outType = dataType(product.out.type);
    descriptor.destroy = library.descriptorDestroy;
    a.destroy = b.destroy = c.destroy = library.layoutDestroy;
    // Pedantic: f32 as such, never TF32.
    const auto compute =
        type == CublasLt::Real32F ? CublasLt::Compute32FPedantic : CublasLt::Compute32F;
    if (library.descriptorCreate(&descriptor.value, compute, CublasLt::Real32F) != 0)
        return false;
    const auto set = [&](CublasLt::DescriptorAttribute attribute, auto value) {
        return library.descriptorSet(descriptor.value, attribute, &value, sizeof value) == 0;
    };
    const auto layout = [&](Owned<CublasLt::Layout>& made, CublasLt::DataType of, int64_t height,
                            int64_t width, int64_t stride) {
        return library.layoutCreate(&made.value, of, static_cast<uint64_t>(height),
                                    static_cast<uint64_t>(width), stride) == 0;
    };
    const bool weights = product.table ? layout(a, type, outputs, inputs, outputs)
                                       : layout(a, type, inputs, outputs, inputs);
    bool done =
        weights && layout(b, type, inputs, rows, product.xStride) &&
        layout(c, outType, outputs, rows, product.outStride) &&
        set(CublasLt::TransposeA, product.table ? CublasLt::AsStored : CublasLt::Transposed) &&
        set(CublasLt::TransposeB, CublasLt::AsStored);
    if (!done || !finishes)
        return done;
    const bool bias = product.finish.bias != nullptr;
    const bool gelu = product.finish.activation == Activation::GeluTanh;
    if (!gelu && product.finish.activation != Activation::None)
        return false; // the library has no such epilogue
    const uint32_t epilogue = gelu ? (bias ? CublasLt::EpilogueGeluBias : CublasLt::EpilogueGelu)
                                   : (bias ? CublasLt::EpilogueBias : CublasLt::EpilogueNone);
    done = set(CublasLt::EpilogueKind, epilogue);
    if (bias) // the pointer is set again with every call
        done = done && set(CublasLt::BiasType, outType) &&
               set(CublasLt::BiasPointer, roundedBias != nullptr
                                              ? roundedBias
                                              : static_cast<const void*>(product.finish.bias));
    return done;
}

bool Matmul::Plan::choose(const CublasLt& library, CublasLt::Handle handle, const Product& product)
{
    Owned<CublasLt::Preference> preference;
    preference.destroy = library.preferenceDestroy;
    if (library.preferenceCreate(&preference.value) != 0)
        return false;
    const auto set = [&](CublasLt::PreferenceAttribute attribute, auto value) {
        return library.preferenceSet(preference.value, attribute, &value, sizeof value) == 0;
    };
    // Parts of a sum are put together in f32, not in the type of out.
    const bool done =
        set(CublasLt::WorkspaceBytes, static_cast<uint64_t>(workspaceBytes)) &&
        set(CublasLt::ReductionSchemes, static_cast<uint32_t>(CublasLt::ReduceInComputeType)) &&
        set(CublasLt::AlignmentA, alignmentOf(product.w.data)) &&
        set(CublasLt::AlignmentB, alignmentOf(product.x.data)) &&
        set(CublasLt::AlignmentC, alignmentOf(product.out.data)) &&
        set(CublasLt::AlignmentD, alignmentOf(product.out.data));
    CublasLt::Candidate candidate{};
    int found = 0;
    if (!done || library.heuristic(handle, descriptor.value, a.value, b.value, c.value, c.value,
                                   preference.value, 1, &candidate, &found) != 0)
        return false;
    if (found < 1 || candidate.status != 0 ||
        candidate.workspaceBytes > static_cast<size_t>(workspaceBytes))
        return false;
    algorithm = candidate.algorithm;
    return true;
}

bool Matmul::Plan::prepare(const CublasLt& library, CublasLt::Handle handle, const Product& product,
                           const void* roundedBias)
{
    usesLibrary = describe(library, product, roundedBias) && choose(library, handle, product);
    return usesLibrary;
}

Matmul::Matmul(int device, cudaStream_t stream, std::shared_ptr<const CublasLt> library)
    : m_stream(stream), m_library(std::move(library))
{
    if (m_library == nullptr)
        return;
    check(cudaSetDevice(device), "choosing a card");
    const int status = m_library->create(&m_handle);
    if (status != 0) {
        log(LogLevel::Warning, m_library->name() + " does not start (status " +
                                   std::to_string(status) + "); products use own kernels");
        m_handle = nullptr;
        m_library = nullptr;
        return;
    }
    void* memory = nullptr;
    try {
        check(cudaMalloc(&memory, static_cast<size_t>(workspaceBytes + biasBytes)),
              "workspace of products");
    } catch (...) {
        m_library->destroy(m_handle);
        throw;
    }
    m_workspace = static_cast<unsigned char*>(memory);
}

Matmul::~Matmul()
{
    m_plans.clear();
    if (m_handle != nullptr)
        m_library->destroy(m_handle);
    cudaFree(m_workspace);
}

bool Matmul::usesLibrary() const
{
    return m_handle != nullptr;
}

std::string Matmul::name() const
{
    return usesLibrary() ? m_library->name() : "own kernels";
}

/// With the library's epilogue where it has one for these types, else with a pass of ours over the
/// result.
std::unique_ptr<Matmul::Plan> Matmul::findPlan(const Product& product) const
{
    const Finish& finish = product.finish;
    const bool rounds = finish.bias != nullptr && product.out.type != DType::F32;
    const bool fits = !rounds || product.shape.outputs * sizeOf(product.out.type) <= biasBytes;
    for (const bool fused : {true, false}) {
        if (fused && !fits)
            continue;
        auto plan = std::make_unique<Plan>();
        plan->finishes = fused;
        if (plan->prepare(*m_library, m_handle, product,
                          rounds ? m_workspace + workspaceBytes : nullptr))
            return plan;
        if (finish.bias == nullptr && finish.activation == Activation::None)
            break; // the same once more
    }
    return std::make_unique<Plan>();
}

Matmul::Plan& Matmul::planFor(const Product& product)
{
    std::unique_ptr<Plan>& plan = m_plans[product.key()];
    if (plan == nullptr)
        plan = findPlan(product);
    return *plan;
}

/// False when the library has no algorithm; nothing was done then.
bool Matmul::tryLibrary(const Product& product)
{
    if (!usesLibrary())
        return false;
    Plan& plan = planFor(product);
    if (!plan.usesLibrary)
        return false;
    const Finish& finish = product.finish;
    if (plan.finishes && finish.bias != nullptr) {
        const void* bias = finish.bias;
        if (product.out.type != DType::F32) {
            // Stored as f32, mostly from values of the very type: a copy in order with the
            // products.
            bias = m_workspace + workspaceBytes;
            roundValues({m_workspace + workspaceBytes, product.out.type}, finish.bias,
                        product.shape.outputs, m_stream);
        }
        if (m_library->descriptorSet(plan.descriptor.value, CublasLt::BiasPointer, &bias,
                                     sizeof bias) != 0)
            throw Error(Error::Code::Device, m_library->name() + " refuses a bias it took before");
    }
    const float one = 1;
    const float kept = finish.add ? 1 : 0;
    const int status = m_library->matmul(
        m_handle, plan.descriptor.value, &one, product.w.data, plan.a.value, product.x.data,
        plan.b.value, &kept, product.out.data, plan.c.value, product.out.data, plan.c.value,
        &plan.algorithm, m_workspace, static_cast<size_t>(workspaceBytes), m_stream);
    if (status != 0)
        throw Error(Error::Code::Device, m_library->name() + " failed (status " +
                                             std::to_string(status) +
                                             "); open the model again, or set ARGALI_CUBLAS=off");
    if (!plan.finishes && (finish.bias != nullptr || finish.activation != Activation::None))
        finishRows(product.out, product.outStride, product.shape.rows, product.shape.outputs,
                   finish, m_stream);
    return true;
}

void Matmul::multiply(Out out, In x, In w, const ProductShape& shape, const Finish& finish,
                      int64_t outStride)
{
    if (shape.rows == 0)
        return;
    const bool known = x.type == w.type && (out.type == DType::F32 || out.type == x.type);
    if (!known || !tryLibrary({out, x, w, shape, finish, shape.inputs, outStride, false}))
        gemm(out, x, w, shape, finish, outStride, m_stream);
}

void Matmul::multiplyTable(Out out, In p, In table, int64_t rows, int64_t outputs, int64_t inputs,
                           int64_t pStride)
{
    if (rows == 0)
        return;
    const bool known = p.type == table.type && (out.type == DType::F32 || out.type == p.type);
    if (!known || !tryLibrary({out, p, table, {rows, outputs, inputs}, {}, pStride, outputs, true}))
        gemmTable(out, p, table, rows, outputs, inputs, pStride, m_stream);
}

} // namespace argali::cuda
