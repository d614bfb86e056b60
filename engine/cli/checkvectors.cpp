#include "engine/cli/checkvectors.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/cli/comparison.h"
#include "engine/cli/vectorfile.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/layers/smartresize.h"
#include "engine/media/mediareader.h"
#include "engine/sha256.h"
#include "engine/tokenizer/qwensplitter.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

namespace argali::cli {

namespace {

struct VectorKind {
    const char* file;   ///< name of the list
    const char* folder; ///< name of the folder it lies in; null: any
    void (*check)(VectorFile&, const VectorContext&, CheckReport&, std::stop_token);
};

constexpr std::array kinds = {
    VectorKind{"smart_resize.json", nullptr, checkSmartResize},
    VectorKind{"resize_bilinear.json", nullptr, checkBilinear},
    VectorKind{"resize_bicubic.json", nullptr, checkBicubic},
    VectorKind{"posembed_bicubic.json", nullptr, checkPositionTable},
    VectorKind{"bpe_tokenizer.jsonl", nullptr, checkBpeIds},
    VectorKind{"bpe_splits.jsonl", nullptr, checkBpeSplits},
    VectorKind{"index.json", "pad_square", checkPadding},
    VectorKind{"index.json", "clip_preprocess", checkCropping},
    VectorKind{"index.json", "internvl_tiles", checkTiles},
    VectorKind{"internvl_tiling.json", nullptr, checkTileGrids},
    VectorKind{"sentencepiece_llama.jsonl", nullptr, checkSentencePiece},
    VectorKind{"sentencepiece_internlm2.jsonl", nullptr, checkSentencePiece},
    VectorKind{"sentencepiece_chatglm2.jsonl", nullptr, checkSentencePiece},
    VectorKind{"sentencepiece_chatglm2_decode.jsonl", nullptr, checkSentencePiece},
    VectorKind{"chatglm2_prompts.json", nullptr, checkGlmPrompts},
    VectorKind{"expect.json", "image_modes", checkPictureModes},
    VectorKind{"index.json", "safetensors_bad", checkWeightFiles},
    VectorKind{"index.json", "torch_bin", checkWeightFiles},
};

const VectorKind* kindOf(const std::filesystem::path& file)
{
    const auto matches = [&](const VectorKind& kind) {
        return file.filename() == kind.file &&
               (!kind.folder || file.parent_path().filename() == kind.folder);
    };
    const auto it = std::ranges::find_if(kinds, matches);
    return it == kinds.end() ? nullptr : &*it;
}

std::string sizeOfPicture(ImageSize size)
{
    return std::to_string(size.width) + " x " + std::to_string(size.height);
}

void checkResize(VectorFile& file, ResizeFilter filter, CheckReport& report, std::stop_token stop)
{
    RowCount count;
    for (const nlohmann::json& row : file.rows("rows")) {
        const Image in = file.picture(file.text(row, "in"));
        const Image expected = file.picture(file.text(row, "out"));
        // What is expected is in memory already: a size that differs is not worth computing.
        const bool possible =
            file.size(row, "to") == ImageSize{expected.width(), expected.height()};
        const Image found = possible ? resize(in, file.size(row, "to"), filter, stop) : Image();
        if (stop.stop_requested())
            return;
        const int difference = largestDifference(found, expected);
        count.deviates(difference);
        count.add(difference == 0, file.text(row, "in"));
    }
    report.add(count.stage(file.name(), "resize"));
}

} // namespace

bool isVectorFile(const std::filesystem::path& file)
{
    if (kindOf(file))
        return true;
    // Lists of other families are named so that nobody takes their silence for a pass.
    const auto extension = file.extension();
    return (extension == ".json" || extension == ".jsonl") &&
           std::ranges::find(file, std::filesystem::path("vectors")) != file.end();
}

void checkVectorFile(const std::filesystem::path& file, const VectorContext& context,
                     CheckReport& report, std::stop_token stop)
{
    const VectorKind* kind = kindOf(file);
    if (!kind) {
        report.skip(file.string(), "vectors of a kind that this version has no check for");
        return;
    }
    VectorFile vectors(file);
    kind->check(vectors, context, report, stop);
}

void checkSmartResize(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token)
{
    constexpr int64_t factor = 32; // patch of 16 pixels, merged two by two
    RowCount count;
    for (const nlohmann::json& row : file.rows("rows")) {
        const ImageSize from{static_cast<int>(file.integer(row, "width")),
                             static_cast<int>(file.integer(row, "height"))};
        const ImageSize expected = file.size(row, "expect");
        const ImageSize found = smartResize(from, factor, file.integer(row, "min_pixels"),
                                            file.integer(row, "max_pixels"));
        count.add(found == expected, sizeOfPicture(from) + " became " + sizeOfPicture(found) +
                                         ", expected " + sizeOfPicture(expected));
    }
    report.add(count.stage(file.name(), "smart_resize"));
}

void checkBilinear(VectorFile& file, const VectorContext&, CheckReport& report,
                   std::stop_token stop)
{
    checkResize(file, ResizeFilter::Bilinear, report, stop);
}

void checkBicubic(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token stop)
{
    checkResize(file, ResizeFilter::Bicubic, report, stop);
}

void checkPictureModes(VectorFile& file, const VectorContext&, CheckReport& report,
                       std::stop_token stop)
{
    for (const nlohmann::json& row : file.rows("rows")) {
        const std::filesystem::path picture = file.neighbour(row, "file");
        const double tolerated = file.number(row, "max_abs");
        for (const auto& [stage, orientation] : {std::pair{"raw", Orientation::AsStored},
                                                 std::pair{"upright", Orientation::Upright}}) {
            const std::string name = file.text(row, "file");
            const Image expected = file.picture(name + "." + stage);
            const std::string of = (picture.parent_path().filename() / name).string();
            try {
                const Image found = readPicture(picture, orientation, stop);
                if (stop.stop_requested())
                    return;
                const int difference = largestDifference(found, expected);
                Stage s{.of = of, .name = stage};
                s.pass = difference <= tolerated;
                s.maxAbs = difference;
                if (found.width() != expected.width() || found.height() != expected.height())
                    s.remark = "size " + sizeOfPicture({found.width(), found.height()}) +
                               ", expected " + sizeOfPicture({expected.width(), expected.height()});
                report.add(s);
            } catch (const Error& e) {
                report.fail(of, stage, e.what());
            }
        }
    }
}

void checkPositionTable(VectorFile& file, const VectorContext& context, CheckReport& report,
                        std::stop_token stop)
{
    const double tolerated = file.number(file.json(), "max_abs");
    const std::unique_ptr<Backend> op = makeBackend(context.device);
    op->begin(stop);
    Tensor table = file.tensor("table", DType::F32);
    if (table.shape().rank() != 3)
        throw Error(Error::Code::BadRequest, file.path().string() + ": the table has shape " +
                                                 table.shape().text() +
                                                 ", [side, side, D] expected");
    const int64_t width = table.dim(2);
    const Tensor rows = op->makeFloats(table.view({table.dim(0) * table.dim(1), width}));
    RowCount count;
    for (const nlohmann::json& grid : file.rows("grids")) {
        const ImageSize size = file.size(nlohmann::json{{"grid", grid}}, "grid");
        const std::string name = std::to_string(size.height) + "x" + std::to_string(size.width);
        const Tensor expected = file.tensor(name, DType::F32);
        if (expected.shape() != Shape{size.height, size.width, width})
            throw Error(Error::Code::BadRequest, file.path().string() + ": tensor " + name +
                                                     " has shape " + expected.shape().text());
        Tensor found = op->allocate(DType::F32, {int64_t(size.height) * size.width, width});
        op->resizePositions(found, rows, size.height, size.width, 1);
        const Tensor host = op->download(found);
        if (stop.stop_requested())
            return;
        const auto length = static_cast<size_t>(expected.count());
        const Deviation d = deviation({host.as<float>(), length}, {expected.as<float>(), length});
        count.deviates(d.maxAbs);
        count.add(d.maxAbs <= tolerated, name);
    }
    report.add(count.stage(file.name(), "positions"));
}

namespace {

/// The tokenizer of a set of vectors: of the folder that was given, or of one beside theirs, by the
/// first name that is there. Null, with a line in the report, when it cannot be opened.
std::unique_ptr<Tokenizer> tokenizerOf(const VectorFile& file, const VectorContext& context,
                                       std::initializer_list<const char*> names,
                                       CheckReport& report)
{
    const std::filesystem::path root = file.path().parent_path().parent_path();
    std::filesystem::path folder = root / *names.begin();
    std::error_code error;
    for (const char* name : names)
        if (!std::filesystem::exists(folder, error))
            folder = root / name;
    try {
        return openTokenizer(context.tokenizer.value_or(folder));
    } catch (const Error& e) {
        report.fail(file.name(), "ids",
                    std::string(e.what()) + "; --tokenizer DIR names the folder of these vectors");
        return nullptr;
    }
}

} // namespace

void checkBpeIds(VectorFile& file, const VectorContext& context, CheckReport& report,
                 std::stop_token)
{
    const auto tokenizer = tokenizerOf(file, context, {"ovis2_5-tiny"}, report);
    if (!tokenizer)
        return;
    RowCount encoded;
    RowCount decoded;
    RowCount withoutSpecial;
    for (const nlohmann::json& row : file.rows("rows")) {
        const std::string text = file.text(row, "text");
        const std::vector<int32_t> expected = file.ids(row, "ids");
        encoded.add(tokenizer->encode(text) == expected,
                    inQuotes(text) + ", " + firstDifference(tokenizer->encode(text), expected));
        decoded.add(tokenizer->decode(expected, false) == file.text(row, "decoded"),
                    inQuotes(text));
        withoutSpecial.add(tokenizer->decode(expected, true) ==
                               file.text(row, "decoded_without_special"),
                           inQuotes(text));
    }
    report.add(encoded.stage(file.name(), "ids"));
    report.add(decoded.stage(file.name(), "decoded"));
    report.add(withoutSpecial.stage(file.name(), "decoded_without_special"));
}

void checkSentencePiece(VectorFile& file, const VectorContext& context, CheckReport& report,
                        std::stop_token)
{
    const std::string kind = file.path().filename().string();
    std::unique_ptr<Tokenizer> tokenizer;
    if (kind.find("chatglm2") != kind.npos)
        tokenizer = tokenizerOf(file, context, {"chatglm2-tiny", "tokenizers/chatglm2"}, report);
    else if (kind.find("internlm2") != kind.npos)
        tokenizer = tokenizerOf(file, context, {"internvl2-tiny-internlm2", "tokenizers/internlm2"},
                                report);
    else
        tokenizer = tokenizerOf(file, context, {"llava_1_5-tiny-hf", "tokenizers/llama"}, report);
    if (!tokenizer)
        return;
    RowCount encoded;
    RowCount prompts;
    RowCount decoded;
    const auto decodes = [&](const std::vector<int32_t>& ids, const std::string& expected) {
        decoded.add(tokenizer->decode(ids, true) == expected, inQuotes(expected));
    };
    const int32_t begin = 1; // what a prompt of this family begins with
    for (const nlohmann::json& row : file.rows("rows")) {
        if (row.contains("decode")) {
            decodes(file.ids(row, "decode"), file.text(row, "decoded"));
            continue;
        }
        const std::vector<int32_t> ids = file.ids(row, "ids");
        if (!row.contains("decoded")) {
            decodes(ids, file.text(row, "text"));
            continue;
        }
        const std::string text = file.text(row, "text");
        const std::vector<int32_t> found = tokenizer->encode(text);
        encoded.add(found == ids, inQuotes(text) + ", " + firstDifference(found, ids));
        decodes(ids, file.text(row, "decoded"));
        if (row.contains("legacy")) {
            std::vector<int32_t> prompt = tokenizer->encodePrompt(text);
            prompt.insert(prompt.begin(), begin);
            const std::vector<int32_t> expected = file.ids(row, "legacy");
            prompts.add(prompt == expected,
                        inQuotes(text) + ", " + firstDifference(prompt, expected));
        }
    }
    const bool onlyDecodes = kind.ends_with("_decode.jsonl");
    if (!onlyDecodes)
        report.add(encoded.stage(file.name(), "ids"));
    if (kind.find("llama") != kind.npos)
        report.add(prompts.stage(file.name(), "legacy"));
    report.add(decoded.stage(file.name(), "decoded"));
}

void checkBpeSplits(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token)
{
    RowCount normalised;
    RowCount split;
    for (const nlohmann::json& row : file.rows("rows")) {
        const std::string text = file.text(row, "text");
        const std::string expected = file.text(row, "nfc");
        normalised.add(toNfc(text) == expected, inQuotes(text));
        std::vector<std::string> pieces;
        for (size_t begin = 0; begin < expected.size();) {
            const size_t end = qwenPieceEnd(expected, begin);
            pieces.push_back(expected.substr(begin, end - begin));
            begin = end;
        }
        split.add(pieces == file.texts(row, "pieces"), inQuotes(text));
    }
    report.add(normalised.stage(file.name(), "nfc"));
    report.add(split.stage(file.name(), "pieces"));
}

namespace {

/// Whether a file holds the expected tensors and no others.
bool holds(const WeightSource& found, VectorFile& file, const nlohmann::json& expected)
{
    const std::vector<std::string> names = found.names();
    if (!expected.is_object() || names.size() != expected.size())
        return false;
    return std::ranges::all_of(names, [&](const std::string& name) {
        const std::optional<Tensor> tensor = found.find(name);
        return tensor && expected.contains(name) &&
               file.text(expected[name], "sha256") ==
                   sha256({tensor->raw(), static_cast<size_t>(tensor->bytes())});
    });
}

} // namespace

void checkWeightFiles(VectorFile& file, const VectorContext&, CheckReport& report,
                      std::stop_token stop)
{
    RowCount count;
    for (const nlohmann::json& row : file.rows("files")) {
        const std::string name = file.text(row, "file");
        const bool good = row.contains("tensors");
        try {
            const auto found = openWeightFile(file.neighbour(row, "file"));
            found->requireChecksums(stop);
            if (stop.stop_requested())
                return;
            count.add(good && holds(*found, file, row["tensors"]),
                      name + (good ? ": other tensors" : ": accepted"));
        } catch (const Error& e) {
            if (e.code() == Error::Code::Internal)
                throw;
            if (good && e.code() == Error::Code::Unsupported)
                report.skip(file.name() + "/" + name,
                            e.what()); // a form that is left out knowingly
            else
                count.add(!good, name + ": " + e.what());
        }
    }
    report.add(count.stage(file.name(), "files"));
}

} // namespace argali::cli
