#pragma once

#include <filesystem>
#include <memory>

#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// The byte-level BPE of a tokenizer.json. Added tokens that tokenizer_config.json beside it lists
/// (added_tokens_decoder) join those of the file, and what it says about one counts. Everything in
/// the file that would change ids and is not implemented here is refused by its name. Throws:
/// Error::Code::Missing, BadModel, Unsupported Source: Hugging Face transformers,
/// PreTrainedTokenizerFast
std::unique_ptr<Tokenizer> openTokenizerJson(const std::filesystem::path& file);

/// The byte-level BPE of a folder with vocab.json and merges.txt. Added tokens come from
/// tokenizer_config.json's added_tokens_decoder, without that from added_tokens.json; which of them
/// are special the names in tokenizer_config.json and special_tokens_map.json tell as well. All
/// three files may be missing.
/// Throws: Error::Code::Missing, BadModel, Unsupported
/// Source: Hugging Face transformers, Qwen2Tokenizer and how slow tokenizers are converted
std::unique_ptr<Tokenizer> openVocabularyFiles(const std::filesystem::path& folder);

} // namespace argali
