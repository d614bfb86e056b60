#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/cli/adapteroptions.h"
#include "engine/cli/advice.h"
#include "engine/cli/answersfile.h"
#include "engine/cli/command.h"
#include "engine/cli/evaluation.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/cli/requestoptions.h"
#include "engine/cli/results.h"
#include "engine/error.h"

namespace argali::cli {

namespace {

std::string required(const Arguments& arguments, const char* name)
{
    const auto value = arguments.text(name);
    if (!value)
        throw UsageError(std::string(name) + " is missing");
    return *value;
}

nlohmann::ordered_json rowOf(const Question& question, const ChatResult& result)
{
    return {{question.idKey, question.id},
            {"text", result.text},
            {"thinking", result.thinking},
            {"usage", usageJson(result.usage)},
            {"timings", timingsJson(result.timings)}};
}

/// Whether an error is about one question and the next may be asked.
bool isOfOneQuestion(Error::Code code)
{
    using Code = Error::Code;
    return code == Code::Missing || code == Code::BadMedia || code == Code::BadRequest ||
           code == Code::Unsupported || code == Code::ContextOverflow;
}

/// Asks what is not answered yet; a line on standard error for each that cannot be asked. False
/// once interrupted.
bool askAll(Model& model, const std::vector<Question>& questions,
            const std::filesystem::path& pictures, int maxNewTokens, AnswersFile& answers)
{
    const Interruptible work;
    ProgressLine progress;
    for (size_t i = 0; i < questions.size(); ++i) {
        const Question& question = questions[i];
        if (answers.find(question.key()))
            continue;
        progress.show(std::to_string(i + 1) + " of " + std::to_string(questions.size()));
        ChatRequest request = requestOf(question, pictures);
        request.maxNewTokens = maxNewTokens;
        askForAll(model.adapters(), request);
        std::optional<ChatResult> result;
        try {
            result = model.generate(request, work.token(), {}, {});
        } catch (const Error& e) {
            const Error named(e.code(), "question " + question.key() + ": " + e.what());
            if (!isOfOneQuestion(e.code()))
                throw named;
            progress.clear();
            note("argali-cli eval: " + withAdvice(named, "eval"));
            continue;
        }
        if (work.stopped() || result->finishReason == FinishReason::Cancelled)
            return false; // half an answer is none
        answers.append(question.key(), result->text, rowOf(question, *result));
    }
    return true;
}

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    arguments.exclude("--think", "--no-think");
    const std::string questionsPath = required(arguments, "--questions");
    const std::string answersPath = required(arguments, "--answers");
    const std::filesystem::path pictures = requireFolder(
        required(arguments, "--images"), "give the folder of the questions' pictures as --images");
    const auto maxNewTokens =
        static_cast<int>(arguments.integer("--max-new-tokens", 1, 1'000'000).value_or(2048));
    OpenOptions options;
    options.device = deviceOption(arguments);
    // What an evaluation is held against, a reference or another program, computes in f32.
    options.dtype = arguments.has("--dtype") ? dtypeOption(arguments) : DType::F32;
    options.adapters = adapterOptions(arguments);
    options.addsAdapters = true;

    std::vector<Question> questions = readQuestions(questionsPath);
    for (Question& question : questions)
        question.thinking =
            arguments.has("--think") || (question.thinking && !arguments.has("--no-think"));
    AnswersFile answers(answersPath);
    const auto isOpen = [&](const Question& q) { return answers.find(q.key()) == nullptr; };
    if (std::ranges::any_of(questions, isOpen)) {
        const std::unique_ptr<Model> model =
            openModelHere(modelFolder(arguments), std::move(options));
        if (!model || !askAll(*model, questions, pictures, maxNewTokens, answers)) {
            const auto open = static_cast<size_t>(std::ranges::count_if(questions, isOpen));
            note("interrupted with " + std::to_string(questions.size() - open) + " of " +
                 std::to_string(questions.size()) +
                 " questions answered; the same command goes on from there");
            return statusInterrupted;
        }
    }
    Tally tally;
    for (const Question& question : questions)
        if (const std::string* answer = answers.find(question.key()))
            tally.add(question, *answer);
    if (arguments.has("--json"))
        printJson(tally.json());
    else
        print(tally.text());
    if (const auto open = std::ranges::count_if(questions, isOpen); open > 0)
        throw Error(Error::Code::BadRequest,
                    std::to_string(open) + " of " + std::to_string(questions.size()) +
                        " questions could not be asked; correct them and start again, the others "
                        "are not asked twice");
    return statusDone;
}

} // namespace

const Command& evalCommand()
{
    static const Command command = [] {
        Command c = {
            .name = "eval",
            .summary = "ask a file of questions and count right answers",
            .help =
                R"(usage: argali-cli eval [-m MODEL] --questions F.jsonl --images DIR --answers F.jsonl [OPTIONS]

Asks every question of a file, greedily, and appends the answers to another file, one JSON
object a line. Questions that are answered there already are not asked again, so that an
interrupted run goes on where it was. A question that cannot be asked (a broken picture) is
named on standard error and left open; the others are asked, and the status is 1 then. Where
accepted answers are given, the accuracy is printed for each type of question.

  -m, --model MODEL   checkpoint folder; default: the model that comes with the program
  --questions FILE    one JSON object a line: {"id", "images": [...] or "frames": [...],
                      "question", "answers": [accepted, ...], "type", "thinking": true|false,
                      "history": [[question, answer], ...]}, or LLaVA's form {"question_id",
                      "image", "text"}; answers, type, thinking and history may be missing,
                      further keys are ignored
  --images DIR        the folder that the paths of pictures are relative to
  --answers FILE      gets {"id" or "question_id", "text", "thinking", "usage", "timings"}
  --think, --no-think for all questions; default: what "thinking" of each says
  --max-new-tokens N  tokens of an answer at most; default 2048
  --adapter, --adapter-alpha
                      as for chat, for all questions
  --device            as for chat
  --dtype T           as for chat; default here: f32, so that answers equal those of a reference
  --json              {"questions", "right", "accuracy", "types": {TYPE: {"n", "right"}}}

An answer is right when it equals an accepted one after trimming, folding white space,
dropping a final . or 。 or ! and ignoring case.
)",
            .options = modelOption(),
            .run = run};
        for (const std::vector<Option>& more : {computeOptions(), adapterOptionList()})
            c.options.insert(c.options.end(), more.begin(), more.end());
        c.options.insert(c.options.end(), {{.name = "--questions", .value = "FILE"},
                                           {.name = "--images", .value = "DIR"},
                                           {.name = "--answers", .value = "FILE"},
                                           {.name = "--think"},
                                           {.name = "--no-think"},
                                           {.name = "--max-new-tokens", .value = "N"},
                                           {.name = "--json"}});
        return c;
    }();
    return command;
}

} // namespace argali::cli
