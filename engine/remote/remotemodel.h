#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/remote/dialect.h"

namespace argali::remote {

/// What is known of something that servers often do not say.
enum class Known { Unknown, No, Yes };

/// A model that a server offers.
struct RemoteModel {
    enum class State { Unknown, Unloaded, Loading, Loaded, Sleeping, Failed };

    std::string id;    ///< as requests have to name it
    std::string shown; ///< for people: one line, of moderate length
    Known seesPictures = Known::Unknown;
    Known seesFilms = Known::Unknown;
    Known thinks = Known::Unknown;
    std::optional<int64_t> context{}; ///< tokens
    State state = State::Unknown;
    std::optional<double> progress{}; ///< of Loading: 0 to 1

    bool isOvis() const;
    bool operator==(const RemoteModel&) const = default;
};

/// The models of a reply to /v1/models (any server), /api/tags (Ollama), /api/v0/models or
/// /api/v1/models (LM Studio); Ovis models first, otherwise in the server's order. Entries that are
/// broken, come twice, or cannot chat (embeddings) are left out; there are at most 1000.
/// Nothing when the JSON is no list of models.
std::optional<std::vector<RemoteModel>> modelsIn(const nlohmann::json& value, Dialect dialect);

/// Adds what llama-server's /props says of its model.
void addProps(RemoteModel& model, const nlohmann::json& props);
/// Adds what Ollama's /api/show says of a model.
void addOllamaShow(RemoteModel& model, const nlohmann::json& shown);
/// Adds what a richer list says to models with the same id.
void addDetails(std::vector<RemoteModel>& models, const std::vector<RemoteModel>& details);

/// The model to name first: one that sees before one that may see, loaded before others, in order
/// of the list. Nothing for an empty list.
const RemoteModel* preferredModel(const std::vector<RemoteModel>& models);

} // namespace argali::remote
