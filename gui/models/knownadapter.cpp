#include "gui/models/knownadapter.h"

#include <QFile>

namespace argali::gui {
namespace {

/// Translations of the sentences.
struct Adapter {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Adapter)
};

} // namespace

AdapterSource KnownAdapter::source() const
{
    return {std::filesystem::path(QFile::encodeName(path).toStdString()), name.toStdString(),
            textAlpha, visionAlpha};
}

QString adapterSentence(const Failure& failure, bool onCard)
{
    switch (failure.code()) {
    case Error::Code::Missing:
        return Adapter::tr("Its folder or file is not there or cannot be read. Check where it is, "
                           "or remove it from the menu.");
    case Error::Code::BadModel:
        return Adapter::tr("It is damaged, or was made for another model. Open the model that it "
                           "was made for, or copy it again.");
    case Error::Code::BadRequest:
        return Adapter::tr("Its file and the alphas that were given do not go together. Add it "
                           "again with the alphas that it was trained with.");
    case Error::Code::Unsupported:
        return onCard ? Adapter::tr("On this device a model that is open takes no such adapter. "
                                    "Open it on the CPU, or merge them with argali-cli merge.")
                      : Adapter::tr("Argali cannot use this kind of adapter with this model. It "
                                    "takes LoRA, projectors and, for ChatGLM2, prefixes of "
                                    "P-Tuning.");
    case Error::Code::OutOfMemory:
        return Adapter::tr("There is not enough memory for it. Close other programs, or remove "
                           "adapters that are not needed.");
    default:
        return failure.sentence();
    }
}

} // namespace argali::gui
