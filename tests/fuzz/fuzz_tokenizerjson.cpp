// A tokenizer.json, and what it makes of a text.
#include "engine/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(tokenizerjson)
{
    static const fuzz::FuzzFolder folder;
    folder.write("tokenizer.json", bytes);
    fuzz::tryTo([&] {
        const auto tokenizer = openTokenizer(folder.path());
        for (const char* text : {"Hello, world 123", "  图\xff", "<|im_end|>\n"})
            for (const int32_t id : tokenizer->encode(text))
                tokenizer->bytesOf(id);
        tokenizer->bytesOf(-1);
        tokenizer->bytesOf(1 << 30);
    });
}
