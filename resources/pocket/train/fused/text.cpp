// The layers of the text side in one piece, forward and backward, for training on a CPU.
//
// The library's own operators spend two thirds of a step on reading and writing intermediate
// results of a few hundred kilobytes. Here a layer is four matrix products by the library
// (bfloat16) and between them one pass each: root mean square norm, norm of queries and keys with
// rotation, attention among the conversations of a row (see attention.py), SwiGLU.

#include "common.h"

using namespace fused;

namespace {

struct Shape {
    int64_t hidden, heads, keyHeads, headDim, inner;
    double epsilon;

    int64_t queryWidth() const { return heads * headDim; }
    int64_t keyWidth() const { return keyHeads * headDim; }
    int64_t mixedWidth() const { return queryWidth() + 2 * keyWidth(); }
};

// Which tokens see each other: `rows` prefixes of `prefix` tokens, then the conversations.
struct Layout {
    int64_t rows, prefix;
    std::vector<int64_t> lengths, owners;
};

// --- norms

// y = bf16(x / rms(x) * w); keeps 1 / rms(x)
void normalise(int64_t rows, int64_t width, const float* __restrict x, const float* __restrict w,
               double epsilon, Half* __restrict y, float* __restrict inverse)
{
    for (int64_t i = 0; i < rows; ++i) {
        const float* __restrict from = x + i * width;
        float square = 0;
        for (int64_t j = 0; j < width; ++j)
            square += from[j] * from[j];
        const float scale = 1.0f / std::sqrt(square / float(width) + float(epsilon));
        inverse[i] = scale;
        for (int64_t j = 0; j < width; ++j)
            y[i * width + j] = Half(from[j] * scale * w[j]);
    }
}

// adds the gradient of `x` to `dx` and that of `w` to `dw`
void normaliseBackward(int64_t rows, int64_t width, const float* __restrict x,
                       const float* __restrict w, const float* __restrict inverse,
                       const Half* __restrict dy, float* __restrict dx, float* __restrict dw)
{
    std::vector<float> g(width);
    for (int64_t i = 0; i < rows; ++i) {
        const float* __restrict from = x + i * width;
        const float scale = inverse[i];
        float along = 0;
        for (int64_t j = 0; j < width; ++j) {
            const float d = float(dy[i * width + j]);
            dw[j] += d * from[j] * scale;
            g[j] = d * w[j];
            along += g[j] * from[j];
        }
        along *= scale * scale / float(width);
        for (int64_t j = 0; j < width; ++j)
            dx[i * width + j] += scale * (g[j] - along * from[j]);
    }
}

// --- queries and keys: norm over a head, then rotation of the pairs (j, j + D/2)

void turn(const Shape& s, int64_t tokens, const Half* __restrict mixed, const float* __restrict wq,
          const float* __restrict wk, const float* __restrict cosine, const float* __restrict sine,
          Half* __restrict turned)
{
    const int64_t d = s.headDim, h = d / 2, heads = s.heads + s.keyHeads;
    std::vector<float> y(d);
    for (int64_t i = 0; i < tokens; ++i) {
        for (int64_t n = 0; n < heads; ++n) {
            const Half* __restrict x = mixed + i * s.mixedWidth() + n * d;
            const float* __restrict w = n < s.heads ? wq : wk;
            float square = 0;
            for (int64_t j = 0; j < d; ++j)
                square += float(x[j]) * float(x[j]);
            const float scale = 1.0f / std::sqrt(square / float(d) + float(s.epsilon));
            for (int64_t j = 0; j < d; ++j)
                y[j] = float(x[j]) * scale * w[j];
            Half* __restrict to = turned + (i * heads + n) * d;
            for (int64_t j = 0; j < h; ++j) {
                const float c = cosine[i * h + j], v = sine[i * h + j];
                to[j] = Half(y[j] * c - y[j + h] * v);
                to[j + h] = Half(y[j + h] * c + y[j] * v);
            }
        }
    }
}

// `dturned` [N, heads + key heads, D] to `dmixed`; adds to the gradients of the weights
void turnBackward(const Shape& s, int64_t tokens, const Half* __restrict mixed,
                  const float* __restrict wq, const float* __restrict wk,
                  const float* __restrict cosine, const float* __restrict sine,
                  const float* __restrict dturned, Half* __restrict dmixed, float* __restrict dwq,
                  float* __restrict dwk)
{
    const int64_t d = s.headDim, h = d / 2, heads = s.heads + s.keyHeads;
    std::vector<float> g(d), x(d);
    for (int64_t i = 0; i < tokens; ++i) {
        for (int64_t n = 0; n < heads; ++n) {
            const Half* __restrict from = mixed + i * s.mixedWidth() + n * d;
            const float* __restrict w = n < s.heads ? wq : wk;
            float* __restrict dw = n < s.heads ? dwq : dwk;
            const float* __restrict dt = dturned + (i * heads + n) * d;
            float square = 0;
            for (int64_t j = 0; j < d; ++j) {
                x[j] = float(from[j]);
                square += x[j] * x[j];
            }
            const float scale = 1.0f / std::sqrt(square / float(d) + float(s.epsilon));
            for (int64_t j = 0; j < h; ++j) {
                const float c = cosine[i * h + j], v = sine[i * h + j];
                g[j] = dt[j] * c + dt[j + h] * v;
                g[j + h] = dt[j + h] * c - dt[j] * v;
            }
            float along = 0;
            for (int64_t j = 0; j < d; ++j) {
                dw[j] += g[j] * x[j] * scale;
                g[j] *= w[j];
                along += g[j] * x[j];
            }
            along *= scale * scale / float(d);
            Half* __restrict to = dmixed + i * s.mixedWidth() + n * d;
            for (int64_t j = 0; j < d; ++j)
                to[j] = Half(scale * (g[j] - along * x[j]));
        }
    }
}

// --- attention

// One group of queries with all keys that any of them sees, as float32.
class Block {
public:
    Block(const Shape& s, int64_t first, int64_t count, int64_t prefixAt, int64_t prefix)
        : s(s),
          first(first),
          count(count),
          prefixAt(prefixAt),
          prefix(prefix),
          keys(prefix + count),
          wide((keys + kLanes - 1) / kLanes * kLanes)
    {
    }

    // where key j of the block stands in the row
    int64_t at(int64_t j) const { return j < prefix ? prefixAt + j : first + j - prefix; }

    void load(std::vector<float>& to, const Half* from, int64_t stride, int64_t rows,
              bool queries) const
    {
        to.resize(rows * s.headDim);
        for (int64_t j = 0; j < rows; ++j) {
            const Half* __restrict x = from + (queries ? first + j : at(j)) * stride;
            for (int64_t e = 0; e < s.headDim; ++e)
                to[j * s.headDim + e] = float(x[e]);
        }
    }

    // [rows, D] to [D, wide]
    void transpose(std::vector<float>& to, const std::vector<float>& from) const
    {
        to.assign(s.headDim * wide, 0.0f);
        for (int64_t j = 0; j < keys; ++j)
            for (int64_t e = 0; e < s.headDim; ++e)
                to[e * wide + j] = from[j * s.headDim + e];
    }

    // keys that query i sees
    int64_t seen(int64_t i) const { return prefix + i + 1; }

    const Shape& s;
    int64_t first, count, prefixAt, prefix, keys, wide;
};

template <class F> void eachBlock(const Shape& s, const Layout& l, F&& f)
{
    for (int64_t r = 0; r < l.rows; ++r)
        f(Block(s, r * l.prefix, l.prefix, 0, 0));
    int64_t at = l.rows * l.prefix;
    for (size_t t = 0; t < l.lengths.size(); ++t) {
        f(Block(s, at, l.lengths[t], l.owners[t] * l.prefix, l.prefix));
        at += l.lengths[t];
    }
}

void attend(const Shape& s, const Layout& l, const Half* __restrict turned,
            const Half* __restrict mixed, Half* __restrict result, float* __restrict logSum)
{
    const int64_t d = s.headDim, heads = s.heads + s.keyHeads, group = s.heads / s.keyHeads;
    const float scale = 1.0f / std::sqrt(float(d));
    std::vector<float> k, v, q, kt, p, o;
    eachBlock(s, l, [&](const Block& b) {
        p.resize(b.count * b.wide);
        o.resize(b.count * d);
        for (int64_t kv = 0; kv < s.keyHeads; ++kv) {
            b.load(k, turned + (s.heads + kv) * d, heads * d, b.keys, false);
            b.load(v, mixed + s.queryWidth() + s.keyWidth() + kv * d, s.mixedWidth(), b.keys,
                   false);
            b.transpose(kt, k);
            for (int64_t h = kv * group; h < (kv + 1) * group; ++h) {
                b.load(q, turned + h * d, heads * d, b.count, true);
                multiply(b.count, b.wide, d, q.data(), d, 1, kt.data(), b.wide, p.data(), b.wide);
                for (int64_t i = 0; i < b.count; ++i) {
                    float* __restrict row = p.data() + i * b.wide;
                    const int64_t n = b.seen(i);
                    float most = -std::numeric_limits<float>::max(), sum = 0;
                    for (int64_t j = 0; j < n; ++j)
                        most = std::max(most, row[j]);
                    for (int64_t j = 0; j < n; ++j)
                        row[j] = exponential((row[j] - most) * scale);
                    for (int64_t j = 0; j < n; ++j)
                        sum += row[j];
                    const float by = 1.0f / sum;
                    for (int64_t j = 0; j < n; ++j)
                        row[j] *= by;
                    std::fill(row + n, row + b.wide, 0.0f);
                    logSum[(b.first + i) * s.heads + h] = most * scale + std::log(sum);
                }
                multiply(b.count, d, b.keys, p.data(), b.wide, 1, v.data(), d, o.data(), d);
                for (int64_t i = 0; i < b.count; ++i)
                    for (int64_t e = 0; e < d; ++e)
                        result[(b.first + i) * s.queryWidth() + h * d + e] = Half(o[i * d + e]);
            }
        }
    });
}

// adds to `dturned` [N, heads + key heads, D] and `dv` [N, key heads, D]
void attendBackward(const Shape& s, const Layout& l, const Half* __restrict turned,
                    const Half* __restrict mixed, const float* __restrict logSum,
                    const Half* __restrict dout, float* __restrict dturned, float* __restrict dv)
{
    const int64_t d = s.headDim, heads = s.heads + s.keyHeads, group = s.heads / s.keyHeads;
    const float scale = 1.0f / std::sqrt(float(d));
    std::vector<float> k, v, q, kt, vt, p, dp, g, dk, dval;
    eachBlock(s, l, [&](const Block& b) {
        p.resize(b.count * b.wide);
        dp.resize(b.count * b.wide);
        for (int64_t kv = 0; kv < s.keyHeads; ++kv) {
            b.load(k, turned + (s.heads + kv) * d, heads * d, b.keys, false);
            b.load(v, mixed + s.queryWidth() + s.keyWidth() + kv * d, s.mixedWidth(), b.keys,
                   false);
            b.transpose(kt, k);
            b.transpose(vt, v);
            dk.assign(b.keys * d, 0.0f);
            dval.assign(b.keys * d, 0.0f);
            for (int64_t h = kv * group; h < (kv + 1) * group; ++h) {
                b.load(q, turned + h * d, heads * d, b.count, true);
                b.load(g, dout + h * d, s.queryWidth(), b.count, true);
                multiply(b.count, b.wide, d, q.data(), d, 1, kt.data(), b.wide, p.data(), b.wide);
                multiply(b.count, b.wide, d, g.data(), d, 1, vt.data(), b.wide, dp.data(), b.wide);
                for (int64_t i = 0; i < b.count; ++i) {
                    float* __restrict row = p.data() + i * b.wide;
                    const int64_t n = b.seen(i);
                    const float ls = logSum[(b.first + i) * s.heads + h];
                    for (int64_t j = 0; j < n; ++j)
                        row[j] = exponential(row[j] * scale - ls);
                    std::fill(row + n, row + b.wide, 0.0f);
                }
                multiply(b.keys, d, b.count, p.data(), 1, b.wide, g.data(), d, dval.data(), d,
                         true);
                for (int64_t i = 0; i < b.count; ++i) {
                    const float* __restrict row = p.data() + i * b.wide;
                    float* __restrict drow = dp.data() + i * b.wide;
                    float along = 0;
                    for (int64_t j = 0; j < b.wide; ++j)
                        along += row[j] * drow[j];
                    for (int64_t j = 0; j < b.wide; ++j)
                        drow[j] = row[j] * (drow[j] - along) * scale;
                }
                multiply(b.keys, d, b.count, dp.data(), 1, b.wide, q.data(), d, dk.data(), d, true);
                multiply(b.count, d, b.keys, dp.data(), b.wide, 1, k.data(), d, g.data(), d);
                for (int64_t i = 0; i < b.count; ++i) {
                    float* __restrict to = dturned + ((b.first + i) * heads + h) * d;
                    for (int64_t e = 0; e < d; ++e)
                        to[e] += g[i * d + e];
                }
            }
            for (int64_t j = 0; j < b.keys; ++j) {
                float* __restrict toK = dturned + (b.at(j) * heads + s.heads + kv) * d;
                float* __restrict toV = dv + (b.at(j) * s.keyHeads + kv) * d;
                for (int64_t e = 0; e < d; ++e) {
                    toK[e] += dk[j * d + e];
                    toV[e] += dval[j * d + e];
                }
            }
        }
    });
}

// --- SwiGLU and sums

void gate(int64_t tokens, int64_t inner, const Half* __restrict both, Half* __restrict result)
{
    for (int64_t i = 0; i < tokens; ++i) {
        const Half* __restrict x = both + i * 2 * inner;
        for (int64_t j = 0; j < inner; ++j) {
            const float g = float(x[j]);
            result[i * inner + j] = Half(g / (1.0f + exponential(-g)) * float(x[inner + j]));
        }
    }
}

void gateBackward(int64_t tokens, int64_t inner, const Half* __restrict both,
                  const Half* __restrict dout, Half* __restrict dboth)
{
    for (int64_t i = 0; i < tokens; ++i) {
        const Half* __restrict x = both + i * 2 * inner;
        Half* __restrict to = dboth + i * 2 * inner;
        for (int64_t j = 0; j < inner; ++j) {
            const float g = float(x[j]), u = float(x[inner + j]), d = float(dout[i * inner + j]);
            const float s = 1.0f / (1.0f + exponential(-g));
            to[j] = Half(d * u * s * (1.0f + g * (1.0f - s)));
            to[inner + j] = Half(d * g * s);
        }
    }
}

// weights of a layer in the order in which fused_text.py hands them over
enum { InputNorm, Mixed, QueryNorm, KeyNorm, Output, PostNorm, GateUp, Down, WeightsPerLayer };

// what the forward pass of a layer keeps for the backward pass
enum { X, N1, I1, Qkv, Turned, LogSum, Attended, X1, N2, I2, Both, Gated, KeptPerLayer };

} // namespace

// x [N, H] float32; cosine, sine [N, D/2]; weights per layer: see above, matrices [out, in].
// Returns the sum after the last layer, then what backward() needs.
std::vector<Tensor> textForward(Tensor x, const Tensor& cosine, const Tensor& sine,
                                const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                double epsilon, int64_t rows, int64_t prefix,
                                std::vector<int64_t> lengths, std::vector<int64_t> owners)
{
    at::NoGradGuard guard;
    const Shape s{shape[0], shape[1], shape[2], shape[3], shape[4], epsilon};
    const Layout l{rows, prefix, lengths, owners};
    const int64_t n = x.size(0);
    TORCH_CHECK(x.is_contiguous() && s.headDim % kLanes == 0 &&
                weights.size() % WeightsPerLayer == 0);
    const auto f32 = x.options();
    const auto bf16 = x.options().dtype(at::kBFloat16);
    const float *c = cosine.const_data_ptr<float>(), *v = sine.const_data_ptr<float>();
    std::vector<Tensor> kept;
    for (size_t at = 0; at < weights.size(); at += WeightsPerLayer) {
        const Tensor* w = weights.data() + at;
        const auto data = [&](int k) { return w[k].const_data_ptr<float>(); };
        Tensor t[KeptPerLayer];
        t[X] = x;
        t[N1] = at::empty({n, s.hidden}, bf16);
        t[I1] = at::empty({n}, f32);
        normalise(n, s.hidden, x.const_data_ptr<float>(), data(InputNorm), epsilon, out(t[N1]),
                  t[I1].mutable_data_ptr<float>());
        t[Qkv] = at::mm(t[N1], half(w[Mixed]).t());
        t[Turned] = at::empty({n, s.heads + s.keyHeads, s.headDim}, bf16);
        turn(s, n, in(t[Qkv]), data(QueryNorm), data(KeyNorm), c, v, out(t[Turned]));
        t[Attended] = at::zeros({n, s.queryWidth()}, bf16); // no block has the rows that fill up
        t[LogSum] = at::zeros({n, s.heads}, f32);
        attend(s, l, in(t[Turned]), in(t[Qkv]), out(t[Attended]),
               t[LogSum].mutable_data_ptr<float>());
        t[X1] = plus(x, at::mm(t[Attended], half(w[Output]).t()));
        t[N2] = at::empty({n, s.hidden}, bf16);
        t[I2] = at::empty({n}, f32);
        normalise(n, s.hidden, t[X1].const_data_ptr<float>(), data(PostNorm), epsilon, out(t[N2]),
                  t[I2].mutable_data_ptr<float>());
        t[Both] = at::mm(t[N2], half(w[GateUp]).t());
        t[Gated] = at::empty({n, s.inner}, bf16);
        gate(n, s.inner, in(t[Both]), out(t[Gated]));
        x = plus(t[X1], at::mm(t[Gated], half(w[Down]).t()));
        kept.insert(kept.end(), t, t + KeptPerLayer);
    }
    kept.insert(kept.begin(), x);
    return kept;
}

// Gradients of x and of every weight, in their order.
std::vector<Tensor> textBackward(const Tensor& grad, const std::vector<Tensor>& kept,
                                 const Tensor& cosine, const Tensor& sine,
                                 const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                 double epsilon, int64_t rows, int64_t prefix,
                                 std::vector<int64_t> lengths, std::vector<int64_t> owners)
{
    at::NoGradGuard guard;
    const Shape s{shape[0], shape[1], shape[2], shape[3], shape[4], epsilon};
    const Layout l{rows, prefix, lengths, owners};
    const int64_t n = grad.size(0), heads = s.heads + s.keyHeads;
    const auto f32 = grad.options();
    const auto bf16 = grad.options().dtype(at::kBFloat16);
    const float *c = cosine.const_data_ptr<float>(), *v = sine.const_data_ptr<float>();
    Tensor dx = grad.contiguous().clone();
    float* running = dx.mutable_data_ptr<float>();
    std::vector<Tensor> grads(weights.size() + 1);
    for (int64_t at = int64_t(weights.size() / WeightsPerLayer) - 1; at >= 0; --at) {
        const Tensor* w = weights.data() + at * WeightsPerLayer;
        const Tensor* t = kept.data() + at * KeptPerLayer;
        Tensor* dw = grads.data() + 1 + at * WeightsPerLayer;
        const auto data = [&](int k) { return w[k].const_data_ptr<float>(); };
        for (int k : {InputNorm, QueryNorm, KeyNorm, PostNorm})
            dw[k] = at::zeros_like(w[k]);
        Tensor d = half(dx);
        Tensor dgated = at::mm(d, half(w[Down]));
        dw[Down] = at::mm(d.t(), t[Gated]).to(at::kFloat);
        Tensor dboth = at::empty({n, 2 * s.inner}, bf16);
        gateBackward(n, s.inner, in(t[Both]), in(dgated), out(dboth));
        Tensor dn = at::mm(dboth, half(w[GateUp]));
        dw[GateUp] = at::mm(dboth.t(), t[N2]).to(at::kFloat);
        normaliseBackward(n, s.hidden, t[X1].const_data_ptr<float>(), data(PostNorm),
                          t[I2].const_data_ptr<float>(), in(dn), running,
                          dw[PostNorm].mutable_data_ptr<float>());
        d = half(dx);
        Tensor dattended = at::mm(d, half(w[Output]));
        dw[Output] = at::mm(d.t(), t[Attended]).to(at::kFloat);
        Tensor dturned = at::zeros({n, heads, s.headDim}, f32),
               dv = at::zeros({n, s.keyWidth()}, f32);
        attendBackward(s, l, in(t[Turned]), in(t[Qkv]), t[LogSum].const_data_ptr<float>(),
                       in(dattended), dturned.mutable_data_ptr<float>(),
                       dv.mutable_data_ptr<float>());
        Tensor dmixed = at::empty({n, s.mixedWidth()}, bf16);
        auto* to = out(dmixed);
        turnBackward(s, n, in(t[Qkv]), data(QueryNorm), data(KeyNorm), c, v,
                     dturned.const_data_ptr<float>(), to, dw[QueryNorm].mutable_data_ptr<float>(),
                     dw[KeyNorm].mutable_data_ptr<float>());
        const float* values = dv.const_data_ptr<float>();
        for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < s.keyWidth(); ++j)
                to[i * s.mixedWidth() + s.queryWidth() + s.keyWidth() + j] =
                    Half(values[i * s.keyWidth() + j]);
        dn = at::mm(dmixed, half(w[Mixed]));
        dw[Mixed] = at::mm(dmixed.t(), t[N1]).to(at::kFloat);
        normaliseBackward(n, s.hidden, t[X].const_data_ptr<float>(), data(InputNorm),
                          t[I1].const_data_ptr<float>(), in(dn), running,
                          dw[InputNorm].mutable_data_ptr<float>());
    }
    grads[0] = dx;
    return grads;
}
