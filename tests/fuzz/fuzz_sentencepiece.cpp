// A tokenizer.model: what the check lets through, the library takes.
#include "engine/tokenizer/sentencepiecefiles.h"
#include "engine/tokenizer/sentencepiecemodel.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(sentencepiece)
{
    fuzz::tryTo([&] {
        const SentencePieceModel model = parseSentencePieceModel(bytes, "tokenizer.model");
        const SentencePieceModel again =
            parseSentencePieceModel(serializedModel(model), "tokenizer.model");
        fuzz::require(again.pieces.size() == model.pieces.size(), "pieces are lost");
    });
    static const fuzz::FuzzFolder folder;
    folder.write("tokenizer.model", bytes);
    for (const char* kind : {"LlamaTokenizer", "InternLM2Tokenizer", "ChatGLMTokenizer"}) {
        folder.write("tokenizer_config.json",
                     std::string(R"({"tokenizer_class":")") + kind + R"("})");
        fuzz::tryTo([&] {
            const auto tokenizer = openSentencePiece(folder.path());
            for (const char* text : {"Hello, world 123", "  图\xff", "</s>\n"})
                for (const int32_t id : tokenizer->encode(text))
                    tokenizer->bytesOf(id);
        });
    }
}
