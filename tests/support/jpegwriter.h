#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <vector>

namespace argali::test {

/// Writes JPEG files of grey blocks, 8 x 8 pixels each of one level, of any size and in the two
/// codings that matter: enough to test readers with pictures nobody wants to keep in a repository.
/// Source: ITU-T T.81
class JpegWriter final {
public:
    int width = 8, height = 8;
    bool progressive = false;
    int factor = 1; ///< luminance samples to each colour sample, both ways: 1 or 2
    std::function<int(int column, int row)> level; ///< of a block, 28 to 228

    std::vector<std::byte> write()
    {
        m_bytes.clear();
        put({0xff, 0xd8});
        putTables();
        putFrameHeader();
        putDcScan();
        if (progressive)
            for (int c = 0; c < 3; ++c)
                putEmptyAcScan(c);
        put({0xff, 0xd9});
        return m_bytes;
    }

private:
    void put(std::initializer_list<int> values)
    {
        for (const int value : values)
            m_bytes.push_back(std::byte(value));
    }
    void putTables()
    {
        put({0xff, 0xdb, 0, 67, 0});
        for (int i = 0; i < 64; ++i)
            put({8}); // so that one unit of the mean is one level
        put({0xff, 0xc4, 0, 19 + 12, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        for (int i = 0; i < 12; ++i)
            put({i}); // size i of a difference has the four bits i
        put({0xff, 0xc4, 0, 19 + 15, 0x10, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        for (int i = 0; i < 15; ++i)
            put({i << 4}); // the end of 2^i blocks and more has the four bits i
    }
    void putFrameHeader()
    {
        put({0xff, progressive ? 0xc2 : 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8,
             width & 255, 3, 1, factor << 4 | factor, 0, 2, 0x11, 0, 3, 0x11, 0});
    }
    void putDcScan()
    {
        put({0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, progressive ? 0 : 63, 0});
        const int unit = 8 * factor;
        int before = 0;
        for (int y = 0; y < (height + unit - 1) / unit; ++y)
            for (int x = 0; x < (width + unit - 1) / unit; ++x) {
                for (int i = 0; i < factor * factor; ++i) {
                    const int value = level(factor * x + i % factor, factor * y + i / factor) - 128;
                    putBlock(value - before);
                    before = value;
                }
                putBlock(0); // neutral colour
                putBlock(0);
            }
        flush();
    }
    void putBlock(int difference)
    {
        int size = 0;
        while (std::abs(difference) >> size)
            ++size;
        bits(uint32_t(size), 4);
        bits(uint32_t(difference < 0 ? difference + (1 << size) - 1 : difference), size);
        if (!progressive)
            bits(0, 4); // nothing but the mean
    }
    void putEmptyAcScan(int component)
    {
        put({0xff, 0xda, 0, 8, 1, component + 1, 0, 1, 63, 0});
        const int shrink = component == 0 ? 1 : factor;
        const auto blocks = [&](int side) { return ((side + shrink - 1) / shrink + 7) / 8; };
        int64_t left = int64_t(blocks(width)) * blocks(height);
        while (left > 0) {
            int size = 14;
            while (left >> size == 0)
                --size;
            const int64_t run = std::min<int64_t>(left, (int64_t(2) << size) - 1);
            bits(uint32_t(size), 4);
            bits(uint32_t(run - (int64_t(1) << size)), size);
            left -= run;
        }
        flush();
    }
    void bits(uint32_t value, int count)
    {
        while (count-- > 0) {
            m_bits = m_bits << 1 | (value >> count & 1);
            if (++m_count == 8) {
                m_bytes.push_back(std::byte(m_bits));
                if (m_bits == 0xff)
                    m_bytes.push_back(std::byte(0));
                m_bits = m_count = 0;
            }
        }
    }
    void flush()
    {
        while (m_count != 0)
            bits(1, 1);
    }

    std::vector<std::byte> m_bytes;
    uint32_t m_bits = 0;
    int m_count = 0;
};

} // namespace argali::test
