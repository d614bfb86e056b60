#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

#include "engine/engine.h"
#include "engine/loadedmodel.h"

namespace argali::test {

// A whole small model with a question about a picture, on the processor and on a card.

std::filesystem::path modelFolder();
std::unique_ptr<LoadedModel> modelOn(std::unique_ptr<Backend> op, DType dtype);
/// Its layers spread over several backends.
std::unique_ptr<LoadedModel> modelOn(std::vector<std::unique_ptr<Backend>> backends, DType dtype);
std::unique_ptr<LoadedModel> modelOnCard(DType dtype = DType::F32);

ChatRequest question(int maxNewTokens = 6);
std::vector<int32_t> answerOf(LoadedModel& model, std::stop_token stop = {});
/// What the processor answers.
const std::vector<int32_t>& expectedAnswer();

/// Empty when the stages of the model on the card are those of the processor in f32, as closely as
/// the type allows; else the stage and its error.
std::string differingStage(DType dtype);

} // namespace argali::test
