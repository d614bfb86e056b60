#include "engine/operationchecks.h"

#include <initializer_list>
#include <string>

#include "engine/error.h"

namespace argali::checks {

namespace {

[[noreturn]] void disagree(const char* operation, std::initializer_list<const Tensor*> tensors)
{
    std::string text = std::string(operation) + ": shapes or types disagree:";
    for (const Tensor* tensor : tensors)
        text += std::string(" ") + nameOf(tensor->type()) + " " + tensor->shape().text();
    throw Error(Error::Code::Internal, text);
}

void require(bool agree, const char* operation, std::initializer_list<const Tensor*> tensors)
{
    if (!agree)
        disagree(operation, tensors);
}

bool isFloating(const Tensor& x)
{
    return x.type() == DType::F32 || x.type() == DType::F16 || x.type() == DType::BF16;
}

/// Whether x is rows of width elements each, one per entry of its slowest dimension.
bool isRows(const Tensor& x, int64_t rows, int64_t width)
{
    return x.shape().rank() >= 1 && x.dim(0) == rows && x.count() == rows * width;
}

int64_t rowsOf(const Tensor& x)
{
    return x.shape().rank() >= 1 ? x.dim(0) : -1;
}

bool isFloats(const Tensor& x, int64_t count)
{
    return !x.isEmpty() && x.type() == DType::F32 && x.count() == count;
}

bool isNorm(const Norm& norm, int64_t width)
{
    return isFloats(norm.weight, width) &&
           (norm.kind == Norm::Kind::Rms || isFloats(norm.bias, width));
}

} // namespace

void upload(const Tensor& out, const Tensor& host)
{
    require(out.bytes() == host.bytes(), "upload", {&out, &host});
}

void table(const Tensor& host)
{
    require(isFloating(host) && host.shape().rank() == 2, "table", {&host});
}

void logits(const Tensor& logits)
{
    require(logits.type() == DType::F32 && !logits.isEmpty() && logits.count() > 0 &&
                logits.count() <= INT32_MAX,
            "best", {&logits});
}

void linearSource(const LinearSource& source)
{
    if (source.matrices.empty())
        throw Error(Error::Code::Internal, "a linear layer of no matrices");
    const int64_t inputs = source.matrices.front().dim(-1);
    for (const Tensor& matrix : source.matrices)
        if (matrix.isEmpty() || !isFloating(matrix) || matrix.shape().rank() != 2 ||
            matrix.dim(1) != inputs)
            throw Error(Error::Code::Internal, "a linear layer of " + std::to_string(inputs) +
                                                   " inputs with " + nameOf(matrix.type()) + " " +
                                                   matrix.shape().text());
    if (source.biases.empty())
        return;
    if (source.biases.size() != source.matrices.size())
        throw Error(Error::Code::Internal, "a linear layer where only some matrices have a bias");
    for (size_t i = 0; i < source.biases.size(); ++i)
        if (!isFloating(source.biases[i]) || source.biases[i].count() != source.matrices[i].dim(0))
            throw Error(Error::Code::Internal, "a bias " + source.biases[i].shape().text() +
                                                   " that fits no matrix of its linear layer");
}

void gather(const Tensor& out, const Tensor& table, const Tensor& ids)
{
    require(table.shape().rank() == 2 && ids.type() == DType::I32 &&
                isRows(out, ids.count(), table.dim(1)),
            "gather", {&out, &table, &ids});
}

void copy(const Tensor& out, const Tensor& x)
{
    require(out.count() == x.count(), "copy", {&out, &x});
}

void linear(const char* operation, const Tensor& out, const Tensor& x, const LinearWeight& w,
            int64_t outputs)
{
    const int64_t rows = rowsOf(x);
    require(isRows(x, rows, w.inputs()) && isRows(out, rows, outputs), operation, {&out, &x});
}

void normLinear(const char* operation, const Tensor& x, const Norm& norm, const LinearWeight& w)
{
    require(isNorm(norm, w.inputs()), operation, {&norm.weight, &norm.bias, &x});
}

void norm(const Tensor& out, const Tensor& x, const Norm& norm)
{
    const int64_t width = norm.weight.count();
    require(isNorm(norm, width) && width > 0 && x.count() % width == 0 && out.count() == x.count(),
            "norm", {&out, &x, &norm.weight, &norm.bias});
}

void normGateUp(const Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w)
{
    linear("normGateUp", out, x, w, w.outputs() / 2);
    require(w.outputs() % 2 == 0 && isNorm(norm, w.inputs()), "normGateUp",
            {&out, &norm.weight, &norm.bias, &x});
}

void length(const DecodeState& state)
{
    require(state.length.type() == DType::I32 && !state.length.isEmpty() &&
                state.length.count() == 1,
            "length of a sequence", {&state.length});
}

void cache(const char* operation, const Tensor& q, const KvLayer& cache)
{
    const Tensor& keys = cache.keys;
    require(q.shape().rank() == 3 && keys.shape().rank() == 3 &&
                cache.values.shape() == keys.shape() && cache.values.type() == keys.type() &&
                keys.dim(0) > 0 && q.dim(1) % keys.dim(0) == 0 && q.dim(2) == keys.dim(2) &&
                q.dim(2) > 0 && q.dim(0) <= keys.dim(1),
            operation, {&q, &keys, &cache.values});
}

void headNormRopeAppend(const Tensor& q, const KvLayer& kv, const Tensor& qkv,
                        const HeadNorms& norms, const Rope& rope)
{
    cache("headNormRopeAppend", q, kv);
    const int64_t width = q.dim(2);
    require(width % 2 == 0 && isRows(qkv, q.dim(0), (q.dim(1) + 2 * kv.keys.dim(0)) * width),
            "headNormRopeAppend", {&q, &qkv, &kv.keys});
    if (!rope.factors.empty() && static_cast<int64_t>(rope.factors.size()) != width / 2)
        throw Error(Error::Code::Internal, std::to_string(rope.factors.size()) +
                                               " rotary factors for heads of " +
                                               std::to_string(width));
    for (const Norm* norm : {&norms.query, &norms.key})
        require(norm->weight.isEmpty() || isNorm(*norm, width), "headNormRopeAppend",
                {&norm->weight, &norm->bias, &q});
}

void attend(const Tensor& out, const Tensor& q, const KvLayer& kv)
{
    cache("attend", q, kv);
    require(isRows(out, q.dim(0), q.dim(1) * q.dim(2)), "attend", {&out, &q});
}

void patchify(const Tensor& out, const Tensor& image, const PatchLayout& layout)
{
    const int64_t unit = layout.patch * layout.merge;
    require(image.type() == DType::U8 && image.shape().rank() == 3 && image.dim(2) == 3 &&
                layout.patch > 0 && layout.merge > 0 && image.dim(0) % unit == 0 &&
                image.dim(1) % unit == 0 &&
                isRows(out, image.dim(0) / layout.patch * (image.dim(1) / layout.patch),
                       3 * layout.patch * layout.patch),
            "patchify", {&out, &image});
}

int64_t resizePositions(const Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                        int64_t merge)
{
    int64_t side = 0;
    while (rowsOf(table) > 0 && side * side < table.dim(0))
        ++side;
    require(table.type() == DType::F32 && out.type() == DType::F32 && table.shape().rank() == 2 &&
                side > 0 && side * side == table.dim(0) && merge > 0 && rows % merge == 0 &&
                columns % merge == 0 && isRows(out, rows * columns, table.dim(1)),
            "resizePositions", {&out, &table});
    return side;
}

void addPositions(const Tensor& x, const Tensor& positions)
{
    require(positions.type() == DType::F32 && positions.shape().rank() == 2 &&
                positions.dim(0) > 0 && rowsOf(x) % positions.dim(0) == 0 &&
                isRows(x, rowsOf(x), positions.dim(1)),
            "addPositions", {&x, &positions});
}

void ropePatches(const Tensor& qkv, int64_t heads, int64_t rows, int64_t columns, int64_t merge)
{
    const int64_t patches = rowsOf(qkv);
    require(patches > 0 && heads > 0 && rows > 0 && columns > 0 && merge > 0 && rows % merge == 0 &&
                columns % merge == 0 && patches % (rows * columns) == 0 &&
                qkv.count() / patches % (3 * heads * 4) == 0,
            "ropePatches", {&qkv});
}

void attendFrames(const Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches)
{
    const int64_t patches = rowsOf(qkv);
    require(patches > 0 && heads > 0 && framePatches > 0 && patches % framePatches == 0 &&
                qkv.count() / patches % (3 * heads) == 0 &&
                isRows(out, patches, qkv.count() / patches / 3),
            "attendFrames", {&out, &qkv});
}

void softEmbed(const Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
               const Tensor& table)
{
    const int64_t tokens = rowsOf(x);
    require(table.shape().rank() == 2 && table.dim(0) >= w.outputs() &&
                isRows(x, tokens, w.inputs()) && isRows(out, tokens, table.dim(1)) &&
                isNorm(norm, w.outputs()),
            "softEmbed", {&out, &x, &norm.weight, &table});
}

void activate(const Tensor& x)
{
    require(!x.isEmpty() && x.type() == DType::F32, "activate", {&x});
}

void gateUp(const Tensor& out, const Tensor& gateUp)
{
    require(!gateUp.isEmpty() && gateUp.type() == DType::F32 && gateUp.shape().rank() == 2 &&
                gateUp.dim(1) % 2 == 0 && isRows(out, gateUp.dim(0), gateUp.dim(1) / 2),
            "gateUp", {&out, &gateUp});
}

} // namespace argali::checks
