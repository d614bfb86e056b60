#include "engine/tokenizer/tokenizer.h"

#include "engine/checkpoint/config.h"
#include "engine/error.h"
#include "engine/tokenizer/bpefiles.h"
#include "engine/tokenizer/sentencepiecefiles.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

/// White space as Python's str.strip() sees it: Unicode's, and the four information separators.
bool isStripped(char32_t code)
{
    return isWhiteSpace(code) || (code >= 0x1C && code <= 0x1F);
}

/// Bytes of the last character; 0 when the text does not end with a whole one.
size_t lastLength(std::string_view text)
{
    for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        const Utf8Step step = utf8At(text, text.size() - length);
        if (step.state == Utf8Step::State::Whole && step.length == length)
            return length;
    }
    return 0;
}

/// Whether the tokenizer's class, or without one that of the model, reads no tokenizer.model, so
/// that one that lies there belongs to something else. Source: get_tokenizer_config() and
/// TOKENIZER_MAPPING of Hugging Face's AutoTokenizer
bool usesNoModelFile(const std::filesystem::path& folder)
{
    const Config own = Config::readIfThere(folder / "tokenizer_config.json");
    const Config model = Config::readIfThere(folder / "config.json");
    std::string type = own.string("tokenizer_class", model.string("tokenizer_class", ""));
    if (type.ends_with("Fast") && type != "PreTrainedTokenizerFast")
        type.resize(type.size() - 4);
    if (!type.empty())
        return type == "Qwen2Tokenizer" || type == "PreTrainedTokenizerFast";
    for (const char* key : {"model_type", "llm_config.model_type", "text_config.model_type"})
        if (model.has(key) && model.string(key).starts_with("qwen"))
            return true;
    return false;
}

} // namespace

std::string Tokenizer::decode(const std::vector<int32_t>& ids, bool skipSpecial) const
{
    std::string text, bytes; // decoded, and not yet
    bool isFirst = true;
    for (const int32_t id : ids) {
        if (isAlwaysHidden(id)) {
            text += replaceInvalidUtf8(bytes, replacesBytes()); // no character goes on behind it
            bytes.clear();
            continue;
        }
        if (skipSpecial && isSpecial(id))
            continue;
        const std::string more = bytesOf(id);
        const bool isDropped = isFirst && dropsFirstBlank(id);
        bytes += isDropped ? std::string_view(more).substr(1) : more;
        isFirst = isFirst && more.empty();
    }
    return text + replaceInvalidUtf8(bytes, replacesBytes());
}

std::unique_ptr<Tokenizer> openTokenizer(const std::filesystem::path& folder)
{
    std::error_code error;
    const auto isThere = [&](const char* name) {
        return std::filesystem::exists(folder / name, error);
    };
    const bool hasVocabulary = isThere("vocab.json") || isThere("merges.txt");
    const bool hasOthers = isThere("tokenizer.json") || hasVocabulary;
    if (isThere("tokenizer.model") && !(hasOthers && usesNoModelFile(folder)))
        return openSentencePiece(folder);
    if (isThere("tokenizer.json"))
        return openTokenizerJson(folder / "tokenizer.json");
    if (hasVocabulary)
        return openVocabularyFiles(folder);
    throw Error(Error::Code::Missing,
                folder.string() +
                    ": has no tokenizer; expected tokenizer.model, tokenizer.json, or "
                    "vocab.json with merges.txt");
}

std::string replaceInvalidUtf8(std::string_view bytes, bool eachByte)
{
    std::string result;
    result.reserve(bytes.size());
    size_t begin = 0; // of the good bytes not yet taken over
    for (size_t at = 0; at < bytes.size();) {
        const Utf8Step step = utf8At(bytes, at);
        if (step.state != Utf8Step::State::Whole) {
            result.append(bytes.substr(begin, at - begin));
            for (uint32_t i = 0; i < (eachByte ? step.length : 1); ++i)
                result.append("\xEF\xBF\xBD");
            begin = at + step.length;
        }
        at += step.length;
    }
    return result.append(bytes.substr(begin));
}

void requireUtf8(std::string_view text, const std::string& what)
{
    if (const std::optional<size_t> at = firstInvalidUtf8(text))
        throw Error(Error::Code::BadRequest, what + " is not UTF-8 at byte " + std::to_string(*at) +
                                                 "; convert the text to UTF-8");
}

std::string_view stripped(std::string_view text)
{
    while (!text.empty()) {
        const Utf8Step step = utf8At(text, 0);
        if (!isStripped(step.code))
            break;
        text.remove_prefix(step.length);
    }
    while (const size_t length = lastLength(text)) {
        if (!isStripped(utf8At(text, text.size() - length).code))
            break;
        text.remove_suffix(length);
    }
    return text;
}

} // namespace argali
