#pragma once

// A part of kernelssimd.h.

namespace argali::cpu {
namespace {

/// exp(x) within a few units in the last place: x = n ln 2 + r with |r| <= ln 2 / 2, and the Taylor
/// series of exp(r), whose eighth term is below 2^-27.
Floats exponential(Floats x)
{
    // Beyond these the result is 0 or infinite anyway; the constants come first, so that NaN goes
    // through.
    x = Vector::min(Vector::set(89.0f), Vector::max(Vector::set(-104.0f), x));
    const Floats n = Vector::round(Vector::multiply(x, Vector::set(1.44269504f)));
    Floats r = Vector::fnma(n, Vector::set(0.693147182464599609375f), x); // ln 2 in f32
    r = Vector::fnma(n, Vector::set(-1.904654299957767e-9f), r);          // and what it lacks
    Floats sum = Vector::set(1.0f / 5040);
    sum = Vector::fma(sum, r, Vector::set(1.0f / 720));
    sum = Vector::fma(sum, r, Vector::set(1.0f / 120));
    sum = Vector::fma(sum, r, Vector::set(1.0f / 24));
    sum = Vector::fma(sum, r, Vector::set(1.0f / 6));
    sum = Vector::fma(sum, r, Vector::set(0.5f));
    sum = Vector::fma(sum, r, Vector::set(1.0f));
    sum = Vector::fma(sum, r, Vector::set(1.0f));
    return Vector::scaleByPower(sum, n);
}

// Elements

template <Element element> void loadElements(float* out, const std::byte* in, int64_t n)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        Vector::store(out + i, Vector::loadAs<element>(in + i * size));
    if (i < n)
        Vector::storePart(out + i, Vector::loadPartAs<element>(in + i * size, n - i), n - i);
}

template <Element element> void storeElements(std::byte* out, const float* in, int64_t n)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        Vector::storeAs<element>(out + i * size, Vector::load(in + i));
    if (i < n)
        Vector::storePartAs<element>(out + i * size, Vector::loadPart(in + i, n - i), n - i);
}

void load(float* out, const std::byte* in, Element type, int64_t n)
{
    if (type == Element::F32)
        loadElements<Element::F32>(out, in, n);
    else if (type == Element::BF16)
        loadElements<Element::BF16>(out, in, n);
    else
        loadElements<Element::F16>(out, in, n);
}

void store(std::byte* out, Element type, const float* in, int64_t n)
{
    if (type == Element::F32)
        storeElements<Element::F32>(out, in, n);
    else if (type == Element::BF16)
        storeElements<Element::BF16>(out, in, n);
    else
        storeElements<Element::F16>(out, in, n);
}

/// x[i] = function(x[i], y[i]) for vectors.
template <typename Function>
void eachPair(float* x, const float* y, int64_t n, const Function& function)
{
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        Vector::store(x + i, function(Vector::load(x + i), Vector::load(y + i)));
    if (i < n)
        Vector::storePart(
            x + i, function(Vector::loadPart(x + i, n - i), Vector::loadPart(y + i, n - i)), n - i);
}

void add(float* x, const float* y, int64_t n)
{
    eachPair(x, y, n, [](Floats a, Floats b) { return Vector::add(a, b); });
}

void scale(float* x, float factor, int64_t n)
{
    const Floats factors = Vector::set(factor);
    eachPair(x, x, n, [&](Floats a, Floats) { return Vector::multiply(a, factors); });
}

void affine(float* out, const float* x, float centre, float factor, const float* weight,
            const float* bias, int64_t n)
{
    const Floats centres = Vector::set(centre);
    const Floats factors = Vector::set(factor);
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const Floats unit =
            Vector::multiply(Vector::subtract(Vector::load(x + i), centres), factors);
        const Floats shift = bias != nullptr ? Vector::load(bias + i) : Vector::zero();
        Vector::store(out + i, Vector::fma(unit, Vector::load(weight + i), shift));
    }
    if (i < n) {
        const int64_t rest = n - i;
        const Floats unit =
            Vector::multiply(Vector::subtract(Vector::loadPart(x + i, rest), centres), factors);
        const Floats shift = bias != nullptr ? Vector::loadPart(bias + i, rest) : Vector::zero();
        Vector::storePart(out + i, Vector::fma(unit, Vector::loadPart(weight + i, rest), shift),
                          rest);
    }
}

/// x / (1 + exp(-y))
Floats sigmoidTimes(Floats x, Floats y)
{
    const Floats one = Vector::set(1.0f);
    return Vector::divide(x, Vector::add(one, exponential(Vector::subtract(Vector::zero(), y))));
}

void geluTanh(float* x, int64_t n)
{
    // 0.5 (1 + tanh u) = 1 / (1 + exp(-2 u)), with u = sqrt(2 / pi) (x + 0.044715 x^3)
    const Floats factor = Vector::set(2 * 0.7978845608028654f);
    const Floats cubic = Vector::set(0.044715f);
    const Floats one = Vector::set(1.0f);
    eachPair(x, x, n, [&](Floats a, Floats) {
        const Floats bracket = Vector::multiply(a, Vector::fma(Vector::multiply(a, a), cubic, one));
        return sigmoidTimes(a, Vector::multiply(bracket, factor));
    });
}

/// erfc(z) for z >= 0, within 2^-22 of itself. Source: W. H. Press et al., Numerical Recipes,
/// section 6.2 (erfcc)
Floats complementaryError(Floats z)
{
    constexpr float coefficients[] = {-0.82215223f, 1.48851587f,  -1.13520398f,
                                      0.27886807f,  -0.18628806f, 0.09678418f,
                                      0.37409196f,  1.00002368f,  -1.26551223f};
    const Floats one = Vector::set(1.0f);
    const Floats t = Vector::divide(one, Vector::fma(z, Vector::set(0.5f), one));
    Floats sum = Vector::set(0.17087277f);
    for (const float coefficient : coefficients)
        sum = Vector::fma(sum, t, Vector::set(coefficient));
    return Vector::multiply(t, exponential(Vector::fnma(z, z, sum)));
}

void gelu(float* x, int64_t n)
{
    // x (1 + erf(u)) / 2 = max(x, 0) - |x| erfc(|u|) / 2, with u = x / sqrt(2)
    eachPair(x, x, n, [](Floats a, Floats) {
        const Floats zero = Vector::zero();
        const Floats size = Vector::max(Vector::subtract(zero, a), a);
        const Floats tail =
            complementaryError(Vector::multiply(size, Vector::set(0.70710678118654752f)));
        const Floats lost = Vector::multiply(Vector::multiply(size, Vector::set(0.5f)), tail);
        return Vector::subtract(Vector::max(a, zero), lost);
    });
}

void quickGelu(float* x, int64_t n)
{
    eachPair(x, x, n, [](Floats a, Floats) {
        return sigmoidTimes(a, Vector::multiply(a, Vector::set(1.702f)));
    });
}

void siluTimes(float* gate, const float* up, int64_t n)
{
    eachPair(gate, up, n,
             [](Floats a, Floats b) { return Vector::multiply(sigmoidTimes(a, a), b); });
}

void rotate(float* x, const float* cosines, const float* sines, int64_t half)
{
    const auto turn = [](Floats& first, Floats& second, Floats cosine, Floats sine) {
        const Floats turned = Vector::fnma(second, sine, Vector::multiply(first, cosine));
        second = Vector::fma(second, cosine, Vector::multiply(first, sine));
        first = turned;
    };
    int64_t j = 0;
    for (; j + lanes <= half; j += lanes) {
        Floats first = Vector::load(x + j);
        Floats second = Vector::load(x + half + j);
        turn(first, second, Vector::load(cosines + j), Vector::load(sines + j));
        Vector::store(x + j, first);
        Vector::store(x + half + j, second);
    }
    if (j < half) {
        const int64_t rest = half - j;
        Floats first = Vector::loadPart(x + j, rest);
        Floats second = Vector::loadPart(x + half + j, rest);
        turn(first, second, Vector::loadPart(cosines + j, rest), Vector::loadPart(sines + j, rest));
        Vector::storePart(x + j, first, rest);
        Vector::storePart(x + half + j, second, rest);
    }
}

// Sums over a row

/// The sum of term(vector, true where it counts) over a row; four sums, to hide the latency of an
/// addition.
template <typename Term> float sumOf(const float* x, int64_t n, const Term& term)
{
    Floats sums[4] = {Vector::zero(), Vector::zero(), Vector::zero(), Vector::zero()};
    int64_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes)
        for (int j = 0; j < 4; ++j)
            sums[j] = term(sums[j], Vector::load(x + i + j * lanes));
    for (; i + lanes <= n; i += lanes)
        sums[0] = term(sums[0], Vector::load(x + i));
    return Vector::total(Vector::add(Vector::add(sums[0], sums[1]), Vector::add(sums[2], sums[3])));
}

float sum(const float* x, int64_t n)
{
    float total = sumOf(x, n, [](Floats all, Floats a) { return Vector::add(all, a); });
    for (int64_t i = n / lanes * lanes; i < n; ++i)
        total += x[i];
    return total;
}

float sumSquares(const float* x, float centre, int64_t n)
{
    const Floats centres = Vector::set(centre);
    float total = sumOf(x, n, [&](Floats all, Floats a) {
        const Floats difference = Vector::subtract(a, centres);
        return Vector::fma(difference, difference, all);
    });
    for (int64_t i = n / lanes * lanes; i < n; ++i)
        total += (x[i] - centre) * (x[i] - centre);
    return total;
}

float maximum(const float* x, int64_t n)
{
    float best = -__builtin_inff();
    Floats all = Vector::set(best);
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        all = Vector::max(Vector::load(x + i), all); // NaN is passed over
    best = Vector::largest(all);
    for (; i < n; ++i)
        best = x[i] > best ? x[i] : best;
    return best;
}

float expSum(float* x, float shift, int64_t n)
{
    const Floats shifts = Vector::set(shift);
    Floats all = Vector::zero();
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const Floats value = exponential(Vector::subtract(Vector::load(x + i), shifts));
        Vector::store(x + i, value);
        all = Vector::add(all, value);
    }
    float total = Vector::total(all);
    if (i < n) {
        Vector::storePart(
            x + i, exponential(Vector::subtract(Vector::loadPart(x + i, n - i), shifts)), n - i);
        for (; i < n; ++i)
            total += x[i];
    }
    return total;
}

} // namespace
} // namespace argali::cpu
