#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// The tokenizer of a folder with a tokenizer.model: Llama's, InternLM2's and ChatGLM2's, as its
/// tokenizer_config.json says. Llama's: encode() is SentencePiece alone, encodePrompt() what the
/// published class makes of a prompt, in the form that a tokenizer.json beside it has (legacy).
/// Throws: Error::Code::Missing, BadModel, Unsupported
/// Source: Hugging Face transformers, LlamaTokenizer; the published tokenization_internlm2.py and
///         tokenization_chatglm.py
std::unique_ptr<Tokenizer> openSentencePiece(const std::filesystem::path& folder);

/// The same of a tokenizer.json with a BPE that falls back to bytes, which was made from a
/// tokenizer.model. vocabulary: its "model.vocab". What SentencePiece would not do in the same way
/// is refused. Throws: Error::Code::Missing, BadModel, Unsupported
/// Source: Hugging Face transformers, convert_slow_tokenizer.py, LlamaConverter
std::unique_ptr<Tokenizer> makeFromTokenizerJson(
    const std::filesystem::path& file, const nlohmann::json& root,
    std::vector<std::pair<std::string, int64_t>> vocabulary);

} // namespace argali
