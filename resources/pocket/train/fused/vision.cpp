// The layers of the vision side in one piece, like text.cpp: layer norm, rotation, attention among
// all patches of a picture, GELU.

#include "common.h"

using namespace fused;

namespace {

struct Shape {
    int64_t hidden, heads, headDim, inner, patches;
    double epsilon;
};

// y = bf16((x - mean) / deviation * w + b); keeps mean and 1 / deviation
void normalise(int64_t rows, int64_t width, const float* __restrict x, const float* __restrict w,
               const float* __restrict b, double epsilon, Half* __restrict y,
               float* __restrict kept)
{
    for (int64_t i = 0; i < rows; ++i) {
        const float* __restrict from = x + i * width;
        float sum = 0, square = 0;
        for (int64_t j = 0; j < width; ++j)
            sum += from[j];
        const float mean = sum / float(width);
        for (int64_t j = 0; j < width; ++j)
            square += (from[j] - mean) * (from[j] - mean);
        const float scale = 1.0f / std::sqrt(square / float(width) + float(epsilon));
        kept[2 * i] = mean;
        kept[2 * i + 1] = scale;
        for (int64_t j = 0; j < width; ++j)
            y[i * width + j] = Half((from[j] - mean) * scale * w[j] + b[j]);
    }
}

// adds to the gradients of x, w and b
void normaliseBackward(int64_t rows, int64_t width, const float* __restrict x,
                       const float* __restrict w, const float* __restrict kept,
                       const Half* __restrict dy, float* __restrict dx, float* __restrict dw,
                       float* __restrict db)
{
    std::vector<float> g(width), n(width);
    for (int64_t i = 0; i < rows; ++i) {
        const float* __restrict from = x + i * width;
        const float mean = kept[2 * i], scale = kept[2 * i + 1];
        float sum = 0, along = 0;
        for (int64_t j = 0; j < width; ++j) {
            const float d = float(dy[i * width + j]);
            n[j] = (from[j] - mean) * scale;
            dw[j] += d * n[j];
            db[j] += d;
            g[j] = d * w[j];
            sum += g[j];
            along += g[j] * n[j];
        }
        sum /= float(width);
        along /= float(width);
        for (int64_t j = 0; j < width; ++j)
            dx[i * width + j] += scale * (g[j] - sum - along * n[j]);
    }
}

// Calls f(part, patch, mixed, apart) for every head of every patch: where its query (part 0), key
// (1) or value (2) stands in the product [B * patches, 3, heads, D], and where in the tensor of its
// part [B * heads, patches, D].
template <class F> void eachHead(const Shape& s, int64_t pictures, F&& f)
{
    for (int64_t i = 0; i < pictures * s.patches; ++i)
        for (int part = 0; part < 3; ++part)
            for (int64_t n = 0; n < s.heads; ++n)
                f(part, i % s.patches, (i * 3 + part) * s.hidden + n * s.headDim,
                  ((i / s.patches * s.heads + n) * s.patches + i % s.patches) * s.headDim);
}

// x turned into y by the angles of a patch, or back with `sign` -1. cosine, sine [patches, D/2].
void turn(const Shape& s, int64_t patch, const Half* __restrict x, const float* cosine,
          const float* sine, float sign, Half* __restrict y)
{
    const int64_t h = s.headDim / 2;
    for (int64_t j = 0; j < h; ++j) {
        const float c = cosine[patch * h + j], v = sign * sine[patch * h + j];
        const float a = float(x[j]), b = float(x[j + h]);
        y[j] = Half(a * c - b * v);
        y[j + h] = Half(b * c + a * v);
    }
}

// Queries, keys and values out of their product; queries and keys are turned.
void split(const Shape& s, int64_t pictures, const Half* mixed, const float* cosine,
           const float* sine, Half* const parts[3])
{
    eachHead(s, pictures, [&](int part, int64_t patch, int64_t from, int64_t to) {
        if (part == 2)
            std::copy_n(mixed + from, s.headDim, parts[part] + to);
        else
            turn(s, patch, mixed + from, cosine, sine, 1, parts[part] + to);
    });
}

// the gradients of what split() gave, back to `dmixed`
void merge(const Shape& s, int64_t pictures, const Half* const parts[3], const float* cosine,
           const float* sine, Half* dmixed)
{
    eachHead(s, pictures, [&](int part, int64_t patch, int64_t to, int64_t from) {
        if (part == 2)
            std::copy_n(parts[part] + from, s.headDim, dmixed + to);
        else
            turn(s, patch, parts[part] + from, cosine, sine, -1, dmixed + to);
    });
}

// rows of [B * heads, patches, D] to and from [B * patches, heads * D]
void heads(const Shape& s, int64_t pictures, const Half* __restrict from, Half* __restrict to,
           bool apart)
{
    for (int64_t b = 0; b < pictures; ++b)
        for (int64_t n = 0; n < s.heads; ++n)
            for (int64_t i = 0; i < s.patches; ++i) {
                const int64_t one = ((b * s.heads + n) * s.patches + i) * s.headDim;
                const int64_t other = (b * s.patches + i) * s.hidden + n * s.headDim;
                const Half* __restrict x = from + (apart ? other : one);
                std::copy(x, x + s.headDim, to + (apart ? one : other));
            }
}

void softmax(const Shape& s, int64_t rows, Half* __restrict scores)
{
    const float scale = 1.0f / std::sqrt(float(s.headDim));
    std::vector<float> row(s.patches);
    for (int64_t i = 0; i < rows; ++i) {
        Half* __restrict p = scores + i * s.patches;
        float most = -std::numeric_limits<float>::max(), sum = 0;
        for (int64_t j = 0; j < s.patches; ++j) {
            row[j] = float(p[j]);
            most = std::max(most, row[j]);
        }
        for (int64_t j = 0; j < s.patches; ++j) {
            row[j] = exponential((row[j] - most) * scale);
            sum += row[j];
        }
        const float by = 1.0f / sum;
        for (int64_t j = 0; j < s.patches; ++j)
            p[j] = Half(row[j] * by);
    }
}

// the gradient of the probabilities `p` to that of the scores, in place
void softmaxBackward(const Shape& s, int64_t rows, const Half* __restrict p, Half* __restrict d)
{
    const float scale = 1.0f / std::sqrt(float(s.headDim));
    for (int64_t i = 0; i < rows; ++i) {
        const Half* __restrict x = p + i * s.patches;
        Half* __restrict g = d + i * s.patches;
        float along = 0;
        for (int64_t j = 0; j < s.patches; ++j)
            along += float(x[j]) * float(g[j]);
        for (int64_t j = 0; j < s.patches; ++j)
            g[j] = Half(float(x[j]) * (float(g[j]) - along) * scale);
    }
}

// --- GELU with the tangent, as x * sigmoid(2 u)

constexpr float kFirst = 2 * 0.7978845608f, kThird = kFirst * 0.044715f;

void activate(int64_t count, const Half* __restrict x, Half* __restrict y)
{
    for (int64_t i = 0; i < count; ++i) {
        const float v = float(x[i]);
        y[i] = Half(v / (1.0f + exponential(-std::max(v * (kFirst + kThird * v * v), -80.0f))));
    }
}

void activateBackward(int64_t count, const Half* __restrict x, const Half* __restrict dy,
                      Half* __restrict dx)
{
    for (int64_t i = 0; i < count; ++i) {
        const float v = float(x[i]);
        const float s =
            1.0f / (1.0f + exponential(-std::max(v * (kFirst + kThird * v * v), -80.0f)));
        dx[i] = Half(float(dy[i]) * s * (1.0f + v * (1.0f - s) * (kFirst + 3 * kThird * v * v)));
    }
}

Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b)
{
    return at::addmm(half(b), x, half(w).t());
}

Tensor columnSums(const Tensor& x)
{
    const int64_t rows = x.size(0), width = x.size(1);
    Tensor sum = at::zeros({width}, x.options().dtype(at::kFloat));
    float* __restrict to = sum.mutable_data_ptr<float>();
    const Half* __restrict from = in(x);
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < width; ++j)
            to[j] += float(from[i * width + j]);
    return sum;
}

// weights of a layer in the order in which fused_layers.py hands them over
enum {
    Norm1,
    Norm1Bias,
    Mixed,
    MixedBias,
    Output,
    OutputBias,
    Norm2,
    Norm2Bias,
    Up,
    UpBias,
    Down,
    DownBias,
    PerLayer
};

// what the forward pass of a layer keeps for the backward pass
enum { X, N1, K1, Query, Key, Value, Likely, Attended, X1, N2, K2, Inner, Active, KeptPerLayer };

Shape shapeOf(const std::vector<int64_t>& n, double epsilon)
{
    return {n[0], n[1], n[0] / n[1], n[2], n[3], epsilon};
}

} // namespace

// x [B * patches, H] float32; cosine, sine [patches, D/2]; shape: hidden, heads, inner, patches.
// Returns what leaves the last layer, then what visionBackward() needs.
std::vector<Tensor> visionForward(Tensor x, const Tensor& cosine, const Tensor& sine,
                                  const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                  double epsilon)
{
    at::NoGradGuard guard;
    const Shape s = shapeOf(shape, epsilon);
    const int64_t n = x.size(0), pictures = n / s.patches;
    TORCH_CHECK(x.is_contiguous() && weights.size() % PerLayer == 0 && n % s.patches == 0);
    const auto f32 = x.options();
    const auto bf16 = x.options().dtype(at::kBFloat16);
    const float *c = cosine.const_data_ptr<float>(), *v = sine.const_data_ptr<float>();
    std::vector<Tensor> kept;
    for (size_t at = 0; at < weights.size(); at += PerLayer) {
        const Tensor* w = weights.data() + at;
        const auto data = [&](int k) { return w[k].const_data_ptr<float>(); };
        Tensor t[KeptPerLayer];
        t[X] = x;
        t[N1] = at::empty({n, s.hidden}, bf16);
        t[K1] = at::empty({n, 2}, f32);
        normalise(n, s.hidden, x.const_data_ptr<float>(), data(Norm1), data(Norm1Bias), epsilon,
                  out(t[N1]), t[K1].mutable_data_ptr<float>());
        for (int k : {Query, Key, Value})
            t[k] = at::empty({pictures * s.heads, s.patches, s.headDim}, bf16);
        Half* const parts[] = {out(t[Query]), out(t[Key]), out(t[Value])};
        split(s, pictures, in(linear(t[N1], w[Mixed], w[MixedBias])), c, v, parts);
        t[Likely] = at::bmm(t[Query], t[Key].transpose(1, 2));
        softmax(s, n * s.heads, out(t[Likely]));
        t[Attended] = at::empty({n, s.hidden}, bf16);
        heads(s, pictures, in(at::bmm(t[Likely], t[Value])), out(t[Attended]), false);
        t[X1] = plus(x, linear(t[Attended], w[Output], w[OutputBias]));
        t[N2] = at::empty({n, s.hidden}, bf16);
        t[K2] = at::empty({n, 2}, f32);
        normalise(n, s.hidden, t[X1].const_data_ptr<float>(), data(Norm2), data(Norm2Bias), epsilon,
                  out(t[N2]), t[K2].mutable_data_ptr<float>());
        t[Inner] = linear(t[N2], w[Up], w[UpBias]);
        t[Active] = at::empty({n, s.inner}, bf16);
        activate(n * s.inner, in(t[Inner]), out(t[Active]));
        x = plus(t[X1], linear(t[Active], w[Down], w[DownBias]));
        kept.insert(kept.end(), t, t + KeptPerLayer);
    }
    kept.insert(kept.begin(), x);
    return kept;
}

// Gradients of x and of every weight, in their order.
std::vector<Tensor> visionBackward(const Tensor& grad, const std::vector<Tensor>& kept,
                                   const Tensor& cosine, const Tensor& sine,
                                   const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                   double epsilon)
{
    at::NoGradGuard guard;
    const Shape s = shapeOf(shape, epsilon);
    const int64_t n = grad.size(0), pictures = n / s.patches;
    const auto bf16 = grad.options().dtype(at::kBFloat16);
    const float *c = cosine.const_data_ptr<float>(), *v = sine.const_data_ptr<float>();
    Tensor dx = grad.contiguous().clone();
    float* running = dx.mutable_data_ptr<float>();
    std::vector<Tensor> grads(weights.size() + 1);
    for (int64_t at = int64_t(weights.size() / PerLayer) - 1; at >= 0; --at) {
        const Tensor* w = weights.data() + at * PerLayer;
        const Tensor* t = kept.data() + at * KeptPerLayer;
        Tensor* dw = grads.data() + 1 + at * PerLayer;
        for (int k : {Norm1, Norm1Bias, Norm2, Norm2Bias})
            dw[k] = at::zeros_like(w[k]);
        const auto sum = [&](int k) { return dw[k].mutable_data_ptr<float>(); };
        Tensor d = half(dx);
        Tensor dactive = at::mm(d, half(w[Down]));
        dw[Down] = at::mm(d.t(), t[Active]).to(at::kFloat);
        dw[DownBias] = columnSums(d);
        Tensor dinner = at::empty({n, s.inner}, bf16);
        activateBackward(n * s.inner, in(t[Inner]), in(dactive), out(dinner));
        Tensor dn = at::mm(dinner, half(w[Up]));
        dw[Up] = at::mm(dinner.t(), t[N2]).to(at::kFloat);
        dw[UpBias] = columnSums(dinner);
        normaliseBackward(n, s.hidden, t[X1].const_data_ptr<float>(),
                          w[Norm2].const_data_ptr<float>(), t[K2].const_data_ptr<float>(), in(dn),
                          running, sum(Norm2), sum(Norm2Bias));
        d = half(dx);
        Tensor dattended = at::mm(d, half(w[Output]));
        dw[Output] = at::mm(d.t(), t[Attended]).to(at::kFloat);
        dw[OutputBias] = columnSums(d);
        Tensor dmixed = at::empty({n, 3 * s.hidden}, bf16);
        Tensor dheads = at::empty_like(t[Query]);
        heads(s, pictures, in(dattended), out(dheads), true);
        Tensor dscores = at::bmm(dheads, t[Value].transpose(1, 2));
        const Tensor dvalue = at::bmm(t[Likely].transpose(1, 2), dheads);
        softmaxBackward(s, n * s.heads, in(t[Likely]), out(dscores));
        const Tensor dquery = at::bmm(dscores, t[Key]),
                     dkey = at::bmm(dscores.transpose(1, 2), t[Query]);
        const Half* const parts[] = {in(dquery), in(dkey), in(dvalue)};
        merge(s, pictures, parts, c, v, out(dmixed));
        dn = at::mm(dmixed, half(w[Mixed]));
        dw[Mixed] = at::mm(dmixed.t(), t[N1]).to(at::kFloat);
        dw[MixedBias] = columnSums(dmixed);
        normaliseBackward(n, s.hidden, t[X].const_data_ptr<float>(),
                          w[Norm1].const_data_ptr<float>(), t[K1].const_data_ptr<float>(), in(dn),
                          running, sum(Norm1), sum(Norm1Bias));
    }
    grads[0] = dx;
    return grads;
}
