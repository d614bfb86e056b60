#include "gui/failure.h"

namespace argali::gui {

Failure Failure::withSentence(Error::Code code, const QString& sentence, const QString& details)
{
    Failure failure(code, details);
    failure.m_sentence = sentence;
    return failure;
}

Failure Failure::from(const std::exception& exception)
{
    const QString details = QString::fromUtf8(exception.what());
    if (const auto* error = dynamic_cast<const Error*>(&exception))
        return Failure(error->code(), details);
    if (dynamic_cast<const std::bad_alloc*>(&exception))
        return Failure(Error::Code::OutOfMemory, details);
    return Failure(Error::Code::Internal, details);
}

QString Failure::sentence() const
{
    if (!m_sentence.isEmpty())
        return m_sentence;
    switch (m_code) {
    case Error::Code::Missing:
        return tr("A file or folder is missing or cannot be read. Check that it is still there.");
    case Error::Code::BadModel:
        return tr("This model folder is damaged or incomplete. Copy or download it again.");
    case Error::Code::BadMedia:
        return tr("This picture or film cannot be read. Try another file, or save it again in a "
                  "common format.");
    case Error::Code::BadRequest:
        return tr("The model cannot take this question as it is. Change the attachments or the "
                  "settings.");
    case Error::Code::ContextOverflow:
        return tr(
            "The conversation is longer than the model's context. Start a new chat, use fewer "
            "pictures or frames, or shorten the longest answer.");
    case Error::Code::Unsupported:
        return tr("Argali cannot use this kind of file or model yet. Try another one.");
    case Error::Code::OutOfMemory:
        return tr(
            "There is not enough memory for this. Close other programs or open a smaller model.");
    case Error::Code::Device:
        return tr("The device that computes has failed or is not there. Try again, or choose "
                  "another device.");
    case Error::Code::Network:
        return tr("The transfer failed. Check the connection and try again.");
    case Error::Code::Internal:
        break;
    }
    return tr("Something in Argali went wrong. Your question is kept; try again.");
}

} // namespace argali::gui
