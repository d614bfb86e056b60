#include <algorithm>
#include <set>

#include "engine/cli/checkcase.h"
#include "engine/cli/checkvectors.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/requestoptions.h"
#include "engine/error.h"

namespace argali::cli {

namespace {

/// What there is to check, in the order of its paths.
struct Found {
    std::set<std::filesystem::path> cases; ///< folders
    std::set<std::filesystem::path> vectors;
};

void look(const std::filesystem::path& file, Found& found)
{
    if (file.filename() == "case.json")
        found.cases.insert(file.parent_path());
    else if (isVectorFile(file))
        found.vectors.insert(file);
}

/// Everything in a folder; links to folders are not followed, what cannot be looked at is named.
void findIn(const std::filesystem::path& folder, Found& found, CheckReport& report)
{
    std::error_code error;
    const auto skip = [&](const std::filesystem::path& path) {
        report.skip(path.string(), error.message());
        error.clear();
    };
    const std::filesystem::directory_iterator end;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != end; entry.increment(error)) {
        const auto type = entry->status(error).type();
        if (type == std::filesystem::file_type::none)
            skip(entry->path()); // a link to itself, for one
        else if (type == std::filesystem::file_type::regular)
            look(entry->path(), found);
        else if (type == std::filesystem::file_type::directory && !entry->is_symlink(error))
            findIn(entry->path(), found, report);
        error.clear();
    }
    if (error)
        skip(folder);
}

/// Everything under path.
void find(const std::string& path, Found& found, CheckReport& report)
{
    std::error_code error;
    const std::filesystem::path start = std::filesystem::canonical(path, error);
    if (error)
        throw Error(Error::Code::Missing,
                    path + " is not there; give a folder with reference cases");
    if (std::filesystem::is_directory(start, error))
        findIn(start, found, report);
    else
        look(start, found);
}

/// Runs cases with one model open at a time; cases of a model follow one another.
class Checker final {
public:
    Checker(const Arguments& arguments, CheckReport& report) : m_report(report)
    {
        m_open.device = deviceOption(arguments);
        m_open.dtype = dtypeOption(arguments).value_or(DType::F32);
        if (const auto tokenizer = arguments.text("--tokenizer"))
            m_vectors.tokenizer = requireFolder(*tokenizer, "give the folder of a tokenizer");
        m_vectors.device = m_open.device;
    }

    void checkCase(const std::filesystem::path& folder, const std::stop_token& stop);
    void checkVectors(const std::filesystem::path& file, const std::stop_token& stop);

private:
    /// Null when its family is not of this version, or once stopped.
    Model* modelOf(const CaseFile& file, const std::stop_token& stop);

    OpenOptions m_open;
    CheckReport& m_report;
    VectorContext m_vectors;
    std::filesystem::path m_folder;
    std::filesystem::path m_adapter; ///< empty: none
    std::unique_ptr<Model> m_model;  ///< of m_folder, with m_adapter
};

Model* Checker::modelOf(const CaseFile& file, const std::stop_token& stop)
{
    const std::filesystem::path adapter = file.adapter ? file.adapter->path : "";
    if (m_model && m_folder == file.model && m_adapter == adapter)
        return m_model.get();
    m_model.reset(); // the old one goes before the new one comes
    try {
        describeModel(file.model);
    } catch (const Error& e) {
        if (e.code() != Error::Code::Unsupported)
            throw;
        m_report.skip(file.name, e.what());
        return nullptr;
    }
    OpenOptions options = m_open;
    if (file.adapter)
        options.adapters.push_back(*file.adapter);
    m_model = openModel(file.model, options, stop);
    m_folder = file.model;
    m_adapter = adapter;
    return m_model.get();
}

void Checker::checkCase(const std::filesystem::path& folder, const std::stop_token& stop)
{
    std::string name = folder.filename().string();
    try {
        const CaseFile file = openCase(folder);
        name = file.name;
        // The family first: the options of a case are those of its family.
        Model* const model = modelOf(file, stop);
        if (!model)
            return;
        const ReferenceCase reference = readCase(file, stop);
        if (!stop.stop_requested())
            runCase(reference, *model, m_report, stop);
    } catch (const Error& e) {
        if (e.code() == Error::Code::Device)
            throw; // of no case
        m_report.failToRead(name, "case", e.what());
    }
}

void Checker::checkVectors(const std::filesystem::path& file, const std::stop_token& stop)
{
    try {
        checkVectorFile(file, m_vectors, m_report, stop);
    } catch (const Error& e) {
        if (e.code() == Error::Code::Device)
            throw;
        m_report.failToRead((file.parent_path().filename() / file.filename()).string(), "file",
                            e.what());
    }
}

int run(const Arguments& arguments)
{
    arguments.requireRest(1, 1000, "PATH");
    CheckReport report(arguments.has("--json"));
    Checker checker(arguments, report);
    Found found;
    for (const std::string& path : arguments.rest())
        find(path, found, report);

    const Interruptible work;
    for (const std::filesystem::path& file : found.vectors)
        if (!work.stopped())
            checker.checkVectors(file, work.token());
    for (const std::filesystem::path& folder : found.cases)
        if (!work.stopped())
            checker.checkCase(folder, work.token());
    if (work.stopped())
        return statusInterrupted;
    if (report.stages() == 0)
        throw Error(
            Error::Code::Missing,
            "nothing was checked under " + arguments.rest().front() + ", " +
                std::to_string(report.skipped()) +
                " files skipped; give a folder that holds cases/NAME/case.json or vector files");
    report.printSummary();
    if (report.failed() > 0)
        throw Error(Error::Code::BadRequest,
                    std::to_string(report.failed()) + " of " + std::to_string(report.stages()) +
                        " stages failed, the first: " + report.firstFailure());
    return statusDone;
}

} // namespace

const Command& checkCommand()
{
    static const Command command = [] {
        Command c = {
            .name = "check",
            .summary = "compare with the reference implementation's results",
            .help =
                R"(usage: argali-cli check PATH... [--device D] [--dtype T] [--tokenizer DIR] [--json]

Runs every reference case (cases/NAME/case.json of a model's or an adapter's folder) and every
vector file (picture sizes, resizing, picture modes, tokenizers, position table, weights files)
found under PATH, and prints a line for each stage: case, stage, largest absolute error,
NMSE = sum((a - b)^2) / sum(b^2), pass or FAIL. Status 0 only when every stage passes.

Stages of a case, in this order: input_ids, grid_thw or tiles, pixel_values, visual_embeds,
logits (with generated_ids given), generated_ids, text, thinking, finish_reason.

  --device D       auto, cpu, cuda, cuda:N[,N...]
  --dtype T        f32 (default): integers and texts must be equal, numbers within the
                   tolerances of the case (a card: ten times those); bf16, f16: integer input
                   stages must be equal, and the logits must keep KL(reference || found)
                   <= 2e-3 on average and the same best token in 99 % of the rows where the
                   reference's margin is above 0.1; the other stages are shown, not judged
  --tokenizer DIR  folder of the tokenizer that bpe_tokenizer.jsonl belongs to; default:
                   ../ovis2_5-tiny from the vectors' folder
  --json           one object a line: case, stage, max_abs, nmse, kl, top1, pass; with judged
                   (false) and remark where there is something to say

Cases and vectors of families that this version does not have are named as skipped, with
--json on standard error.
)",
            .options = computeOptions(),
            .run = run};
        c.options.insert(c.options.end(),
                         {{.name = "--tokenizer", .value = "DIR"}, {.name = "--json"}});
        return c;
    }();
    return command;
}

} // namespace argali::cli
